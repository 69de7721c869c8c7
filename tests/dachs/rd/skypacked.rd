<!-- SPDX-License-Identifier: MIT

  Plates that lie compressed in the archive: whole files (.fits.gz) and tile by tile (.fits.fz). Their ObsCore rows do not
  point to a file but to the links document itself. -->
<resource schema="skypacked" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Compressed test plates</meta>
  <meta name="description">Invented photographic plates, compressed.</meta>
  <meta name="subject">photographic-plates</meta>
  <meta name="creator">Test Observatory</meta>

  <table id="data" onDisk="True" mixin="//siap#pgs" adql="True">
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">dl</meta>
      <meta name="idColumn">pub_did</meta>
    </meta>
    <mixin collectionName="'SKYPACKED'" calibLevel="1"
      accessURL="'\getConfig{web}{serverURL}/skypacked/q/dl/dlmeta?ID=' || gavo_urlescape(pub_did)"
      mime="'application/x-votable+xml;content=datalink'" size="10"
      obs_id="regexp_replace(accref, '^.*/([^/.]*)[^/]*$', '\1')" did="pub_did">//obscore#publishSIAP</mixin>
    <column name="pub_did" type="text" ucd="meta.ref.ivoid" description="Identifier of the dataset"/>
  </table>

  <rowmaker id="make_row">
    <map key="pub_did">\standardPubDID</map>
    <apply procDef="//siap#setMeta">
      <bind key="title">"%s %s"%(@SKYCASE, @DATE_OBS)</bind>
      <bind key="instrument">@INSTRUME</bind>
      <bind key="dateObs">@DATE_OBS</bind>
    </apply>
    <apply procDef="//siap#computePGS"/>
  </rowmaker>

  <data id="import_gz">
    <sources pattern="data/*.fits.gz"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skypacked.data"</bind>
        <bind key="preview">None</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data" rowmaker="make_row"/>
  </data>

  <data id="import_fz" updating="True">
    <sources pattern="data/*.fits.fz"/>
    <fitsProdGrammar qnd="False">
      <rowfilter procDef="//products#define">
        <bind key="table">"skypacked.data"</bind>
        <bind key="preview">None</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data" rowmaker="make_row"/>
  </data>

  <service id="dl" allowed="dlget,dlmeta">
    <meta name="title">Links and cutouts of the compressed plates</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//soda#fits_genDesc">
        <bind key="qnd">False</bind>
      </descriptorGenerator>
      <FEED source="//soda#fits_standardDLFuncs"/>
    </datalinkCore>
  </service>
</resource>
