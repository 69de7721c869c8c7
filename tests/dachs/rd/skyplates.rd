<!-- SPDX-License-Identifier: MIT

  The well-kept collection: plates through SIA and ObsCore, links, SODA, and two links to products that are made when asked
  for. Their content_length is wrong on purpose: real archives fill that column with estimates and placeholders. -->
<resource schema="skyplates" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Test plates</meta>
  <meta name="description">Invented photographic plates for tests of a client.</meta>
  <meta name="subject">photographic-plates</meta>
  <meta name="creator">Test Observatory</meta>
  <meta name="facility">Test Observatory</meta>
  <meta name="coverage.waveband">Optical</meta>

  <table id="data" onDisk="True" mixin="//siap#pgs" adql="True">
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">dl</meta>
      <meta name="idColumn">pub_did</meta>
    </meta>
    <mixin collectionName="'SKY PLATES'" calibLevel="1" targetName="object" expTime="exptime"
      obs_id="regexp_replace(accref, '^.*/([^/.]*)[^/]*$', '\1')" did="pub_did"
      emMin="4e-7" emMax="6e-7">//obscore#publishSIAP</mixin>
    <column name="pub_did" type="text" ucd="meta.ref.ivoid" description="Identifier of the dataset"/>
    <column name="object" type="text" ucd="meta.id;src" description="What was aimed at"/>
    <column name="exptime" type="real" unit="s" ucd="time.duration;obs.exposure" description="Exposure"/>
  </table>

  <data id="import">
    <sources pattern="data/*.fits"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skyplates.data"</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data">
      <rowmaker>
        <map key="pub_did">\standardPubDID</map>
        <map key="object">@OBJECT</map>
        <map key="exptime">@EXPTIME</map>
        <apply procDef="//siap#setMeta">
          <bind key="title">"%s %s"%(@OBJECT, @DATE_OBS)</bind>
          <bind key="instrument">@INSTRUME</bind>
          <bind key="dateObs">@DATE_OBS</bind>
          <bind key="bandpassId">"B"</bind>
        </apply>
        <apply procDef="//siap#computePGS"/>
      </rowmaker>
    </make>
  </data>

  <service id="dl" allowed="dlget,dlmeta">
    <meta name="title">Links and cutouts of the test plates</meta>
    <meta name="dlget.description">Cutouts of a plate</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//soda#fits_genDesc">
        <bind key="accrefPrefix">"skyplates/"</bind>
      </descriptorGenerator>
      <metaMaker semantics="#derivation">
        <code>
          if descriptor.pubDID:
            yield descriptor.makeLink(
              base.makeAbsoluteURL("skyplates/q/dl/dlget?SCALE=4&amp;ID=" + urllib.parse.quote(descriptor.pubDID)),
              description="The plate, four times smaller",
              contentType="image/fits", contentLength=500000, localSemantics="scaled")
        </code>
      </metaMaker>
      <metaMaker semantics="#detached-header">
        <code>
          if descriptor.pubDID:
            yield descriptor.makeLink(
              base.makeAbsoluteURL("skyplates/q/dl/dlget?KIND=HEADER&amp;ID=" + urllib.parse.quote(descriptor.pubDID)),
              description="The header alone",
              contentType="application/fits-header", contentLength=10000, localSemantics="header")
        </code>
      </metaMaker>
      <FEED source="//soda#fits_standardDLFuncs"/>
    </datalinkCore>
  </service>

  <service id="sia" allowed="form,siap.xml,static">
    <meta name="shortName">Test plates</meta>
    <meta name="sia.type">Pointed</meta>
    <meta name="testQuery.pos.ra">156.01</meta>
    <meta name="testQuery.pos.dec">48.14</meta>
    <meta name="testQuery.size.ra">0.1</meta>
    <meta name="testQuery.size.dec">0.1</meta>
    <publish render="siap.xml" sets="local"/>
    <dbCore queriedTable="data">
      <condDesc original="//siap#protoInput"/>
      <condDesc original="//siap#humanInput"/>
    </dbCore>
  </service>
</resource>
