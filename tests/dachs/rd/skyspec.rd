<!-- SPDX-License-Identifier: MIT

  Spectra through SSA and ObsCore, with links and a SODA service that computes: cut by wavelength, calibrated relatively, in
  several formats. Two links lead to it with its parameters filled in; their lengths are those of the original file. -->
<resource schema="skyspec" resdir=".">
  <meta name="creationDate">2024-01-31T00:00:00</meta>
  <meta name="title">Test spectra</meta>
  <meta name="description">Invented spectra around the line H alpha.</meta>
  <meta name="subject">spectroscopy</meta>
  <meta name="creator">Test Observatory</meta>
  <meta name="instrument">SPECTROGRAPH</meta>
  <meta name="facility">Test Observatory</meta>
  <meta name="ssap.dataSource">pointed</meta>
  <meta name="ssap.creationType">archival</meta>
  <meta name="ssap.testQuery">MAXREC=1</meta>
  <meta name="productType">spectrum</meta>

  <table id="raw_data" onDisk="True" adql="hidden" namePath="//ssap#instance">
    <LOOP listItems="ssa_dateObs ssa_dstitle ssa_targname ssa_length ssa_timeExt ssa_specstart ssa_specend">
      <events>
        <column original="\item"/>
      </events>
    </LOOP>
    <mixin>//products#table</mixin>
    <mixin>//ssap#plainlocation</mixin>
    <mixin>//ssap#simpleCoverage</mixin>
  </table>

  <data id="import">
    <recreateAfter>make_view</recreateAfter>
    <sources pattern="data/*.fits"/>
    <fitsProdGrammar qnd="True">
      <rowfilter procDef="//products#define">
        <bind key="table">"skyspec.raw_data"</bind>
        <bind key="mime">"application/fits"</bind>
        <bind key="preview">None</bind>
      </rowfilter>
    </fitsProdGrammar>
    <make table="raw_data">
      <rowmaker idmaps="*">
        <apply procDef="//ssap#fill-plainlocation">
          <bind key="ra">float(@RA)</bind>
          <bind key="dec">float(@DEC)</bind>
          <bind key="aperture">0.01</bind>
        </apply>
        <map key="ssa_dateObs">dateTimeToMJD(parseTimestamp(@DATE_OBS))</map>
        <map key="ssa_dstitle">"Spectrum of %s"%@OBJECT</map>
        <map key="ssa_targname">@OBJECT</map>
        <map key="ssa_length">int(@NPOINTS)</map>
        <map key="ssa_timeExt">float(@EXPTIME)</map>
        <map key="ssa_specstart">float(@SPECSTA)</map>
        <map key="ssa_specend">float(@SPECEND)</map>
      </rowmaker>
    </make>
  </data>

  <table id="data" onDisk="True" adql="True">
    <meta name="_associatedDatalinkService">
      <meta name="serviceId">sdl</meta>
      <meta name="idColumn">ssa_pubDID</meta>
    </meta>
    <mixin sourcetable="raw_data" copiedcolumns="*"
      ssa_aperture="0.01" ssa_fluxunit="''" ssa_spectralunit="'Angstrom'" ssa_bandpass="'Optical'"
      ssa_collection="'SKYSPEC'" ssa_fluxcalib="'UNCALIBRATED'" ssa_fluxucd="'phot.flux.density;em.wl'"
      ssa_speccalib="'ABSOLUTE'" ssa_spectralucd="'em.wl;obs.atmos'" ssa_targclass="'star'">//ssap#view</mixin>
    <mixin calibLevel="2" coverage="ssa_region" preview="NULL" sResolution="ssa_spaceres"
      obs_id="regexp_replace(accref, '^.*/([^/.]*)[^/]*$', '\1')"
      oUCD="ssa_fluxucd" emUCD="ssa_spectralucd">//obscore#publishSSAPMIXC</mixin>
  </table>

  <data id="make_view" auto="False">
    <make table="data"/>
  </data>

  <table id="instance" onDisk="False">
    <mixin ssaTable="data" spectralDescription="Wavelength" fluxDescription="Flux">//ssap#sdm-instance</mixin>
    <meta name="description">One spectrum.</meta>
  </table>

  <data id="build_spectrum">
    <embeddedGrammar>
      <iterator>
        <setup imports="gavo.utils.pyfits, os, urllib.parse">
          <code>
            from gavo.utils import pyfits
          </code>
        </setup>
        <code>
          path = os.path.join(base.getConfig("inputsDir"),
            urllib.parse.unquote(self.sourceToken["ssa_pubDID"].split("?", 1)[-1]))
          with pyfits.open(path) as hdus:
            for spectral, flux in hdus[1].data:
              yield {"spectral": float(spectral), "flux": float(flux)}
        </code>
      </iterator>
    </embeddedGrammar>
    <make table="instance">
      <parmaker>
        <apply procDef="//ssap#feedSSAToSDM"/>
      </parmaker>
    </make>
  </data>

  <service id="sdl" allowed="dlget,dlmeta">
    <meta name="title">Links and cutouts of the spectra</meta>
    <datalinkCore>
      <descriptorGenerator procDef="//soda#sdm_genDesc">
        <bind key="ssaTD">"\rdId#data"</bind>
      </descriptorGenerator>
      <dataFunction procDef="//soda#sdm_genData">
        <bind key="builder">"\rdId#build_spectrum"</bind>
      </dataFunction>
      <metaMaker semantics="#derivation">
        <code>
          if descriptor.pubDID:
            url = base.makeAbsoluteURL("skyspec/q/sdl/dlget?ID=" + urllib.parse.quote(descriptor.pubDID))
            yield descriptor.makeLink(url+"&amp;FORMAT=text/csv", description="As CSV", contentType="text/csv",
              contentLength=descriptor.estimateSize(), localSemantics="csv")
            yield descriptor.makeLink(url+"&amp;FORMAT=text/plain&amp;FLUXCALIB=RELATIVE",
              description="Normalised to its maximum", contentType="text/plain",
              contentLength=descriptor.estimateSize(), localSemantics="relative")
        </code>
      </metaMaker>
      <FEED source="//soda#sdm_plainfluxcalib"/>
      <FEED source="//soda#sdm_cutout"/>
      <FEED source="//soda#sdm_format"/>
    </datalinkCore>
  </service>

  <service id="ssa" allowed="ssap.xml">
    <meta name="shortName">Test spectra</meta>
    <meta name="ssap.complianceLevel">full</meta>
    <publish render="ssap.xml" sets="local"/>
    <ssapCore queriedTable="data">
      <FEED source="//ssap#hcd_condDescs"/>
    </ssapCore>
  </service>
</resource>
