<!-- SPDX-License-Identifier: MIT

  Links behind a redirect: the product *is* the links document. ObsCore names a getproduct URL which answers 301 to the links,
  and the data come from the SODA service called without parameters. Several large collections are served in this way. -->
<resource schema="skymoved" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Test plates behind links</meta>
  <meta name="description">Plates whose product is a links document.</meta>
  <meta name="subject">photographic-plates</meta>
  <meta name="creator">Test Observatory</meta>

  <table id="data" onDisk="True" mixin="//siap#pgs" adql="True">
    <mixin collectionName="'SKYMOVED'" calibLevel="2"
      mime="'application/x-votable+xml;content=datalink'"
      obs_id="regexp_replace(accref, '^.*/([^/.]*)[^/]*$', '\1')" did="pub_did">//obscore#publishSIAP</mixin>
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">dl</meta>
      <meta name="idColumn">pub_did</meta>
    </meta>
    <column name="pub_did" type="text" ucd="meta.ref.ivoid" description="Identifier of the dataset"/>
  </table>

  <data id="import">
    <sources pattern="data/*.fits"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skymoved.data"</bind>
        <bind key="path">\dlMetaURI{dl}</bind>
        <bind key="mime">"application/x-votable+xml;content=datalink"</bind>
        <bind key="preview">None</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data">
      <rowmaker>
        <map key="pub_did">\standardPubDID</map>
        <map key="mime">"application/x-votable+xml;content=datalink"</map>
        <apply procDef="//siap#setMeta">
          <bind key="title">"%s %s"%(@OBJECT, @DATE_OBS)</bind>
          <bind key="instrument">@INSTRUME</bind>
          <bind key="dateObs">@DATE_OBS</bind>
        </apply>
        <apply procDef="//siap#computePGS"/>
      </rowmaker>
    </make>
  </data>

  <service id="dl" allowed="dlget,dlmeta">
    <meta name="title">Links of the moved plates</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//soda#fits_genDesc">
        <bind key="descClass">DLFITSProductDescriptor</bind>
        <bind key="accrefPrefix">"skymoved/"</bind>
      </descriptorGenerator>
      <FEED source="//soda#fits_standardDLFuncs"/>
    </datalinkCore>
  </service>
</resource>
