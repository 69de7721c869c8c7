<!-- SPDX-License-Identifier: MIT

  A collection without a links service of its own: ObsCore points to the files. One of the files is deleted after the import,
  so the archive lists what it no longer has. -->
<resource schema="skyfiles" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Test files</meta>
  <meta name="description">Plates without links.</meta>
  <meta name="subject">photographic-plates</meta>
  <meta name="creator">Test Observatory</meta>

  <table id="data" onDisk="True" mixin="//siap#pgs" adql="True">
    <mixin collectionName="'SKYFILES'" calibLevel="2">//obscore#publishSIAP</mixin>
  </table>

  <data id="import">
    <sources pattern="data/*.fits*"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skyfiles.data"</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data">
      <rowmaker>
        <apply procDef="//siap#setMeta">
          <bind key="title">"%s %s"%(@OBJECT, @DATE_OBS)</bind>
          <bind key="instrument">@INSTRUME</bind>
          <bind key="dateObs">@DATE_OBS</bind>
        </apply>
        <apply procDef="//siap#computePGS"/>
      </rowmaker>
    </make>
  </data>
</resource>
