<!-- SPDX-License-Identifier: MIT

  Links without a service (no #proc), and what goes wrong with links: fault rows, an exception in the archive, a product under
  embargo, a product that moved, static files of all types, a blank in a URL, lengths that are wrong. The card SKYCASE of
  a file, which is also its name, says which. -->
<resource schema="skylinks" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Test links</meta>
  <meta name="description">Datasets whose links are odd.</meta>
  <meta name="subject">photographic-plates</meta>
  <meta name="creator">Test Observatory</meta>

  <table id="data" onDisk="True" mixin="//siap#pgs" adql="True">
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">dl</meta>
      <meta name="idColumn">pub_did</meta>
    </meta>
    <mixin collectionName="'SKYLINKS'" calibLevel="2" obs_id="skycase" did="pub_did">//obscore#publishSIAP</mixin>
    <column name="pub_did" type="text" ucd="meta.ref.ivoid" description="Identifier of the dataset"/>
    <column name="skycase" type="text" description="Which oddity"/>
  </table>

  <data id="import">
    <sources pattern="data/*.fits"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skylinks.data"</bind>
        <bind key="owner">"skyowner" if @SKYCASE=="embargo" else None</bind>
        <bind key="embargo">datetime.date(2199, 1, 1) if @SKYCASE=="embargo" else None</bind>
        <bind key="path">("\getConfig{web}{serverURL}/skylinks/q/dl/static/moved_here.fits"
          if @SKYCASE=="moved" else \inputRelativePath{True})</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="data">
      <rowmaker>
        <map key="pub_did">\standardPubDID</map>
        <map key="skycase">@SKYCASE</map>
        <apply procDef="//siap#setMeta">
          <bind key="title">"Case %s"%@SKYCASE</bind>
          <bind key="instrument">@INSTRUME</bind>
          <bind key="dateObs">@DATE_OBS</bind>
        </apply>
        <apply procDef="//siap#computePGS"/>
      </rowmaker>
    </make>
  </data>

  <service id="dl" allowed="dlget,dlmeta,static">
    <meta name="title">Odd links</meta>
    <property name="staticData">static</property>
    <datalinkCore>
      <descriptorGenerator procDef="//soda#fromStandardPubDID"/>
      <dataFunction procDef="//soda#generateProduct"/>

      <metaMaker semantics="#flat">
        <code>
          if descriptor.accref.endswith("/faults.fits"):
            yield DatalinkFault.NotFoundFault(descriptor.pubDID, "No flat was kept for this night", semantics="#flat",
              description="Flat field")
            yield DatalinkFault.AuthorizationFault(descriptor.pubDID, "Ask the observer for the logbook",
              semantics="#documentation", description="Logbook")
        </code>
      </metaMaker>
      <metaMaker semantics="#dark">
        <code>
          if descriptor.accref.endswith("/faults.fits"):
            yield descriptor.makeLinkFromFile("static/dark.fits.fz", description="Dark of the week",
              contentType="image/fits", service=self.parent)
            raise Exception("the tape robot is on strike")
        </code>
      </metaMaker>
      <metaMaker semantics="#auxiliary">
        <code>
          if descriptor.accref.endswith("/attached.fits"):
            for name, semantics, mime, words in [
                ("weight.fits", "#weight", "image/fits", "Weights"),
                ("flat.fits.gz", "#flat", "image/fits", "Flat field, compressed"),
                ("dark.fits.fz", "#dark", "image/fits", "Dark, compressed by tiles"),
                ("observers notes.txt", "#documentation", "text/plain", "A name with a blank"),
                ("never_written.fits", "#bias", "image/fits", "A file that is not there")]:
              yield descriptor.makeLinkFromFile("static/"+name, description=words, semantics=semantics,
                contentType=mime, service=self.parent)
        </code>
      </metaMaker>
      <metaMaker semantics="#coderived">
        <code>
          if descriptor.accref.endswith("/onthefly.fits"):
            for name, length in [("a001", 1), ("a002", 10000000), ("a003", None)]:
              did = getStandardPubDID("skyplates/data/%s.fits"%name)
              yield descriptor.makeLink(
                base.makeAbsoluteURL("skyplates/q/dl/dlget?PIXEL_1=11%20110&amp;ID=" + urllib.parse.quote(did)),
                description="Strip of "+name, contentType="image/fits", contentLength=length,
                localSemantics="strip-"+name)
        </code>
      </metaMaker>
    </datalinkCore>
  </service>
</resource>
