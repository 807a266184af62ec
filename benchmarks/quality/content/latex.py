"""Documents for LaTeX."""

from benchmarks.quality.content.model import Document, caption, h1, h2, h3, image, kv, ol, p, table, title, toc, ul

PAPER = [
    title("Drift of Low-Cost Humidity Sensors in Unheated Archive Rooms", at="head"),
    p("M. Ostwald-Kerr, T. Ilves and P. Danforth", at="head"),
    p("*Institute for Storage Climate, Northmoor University, 14 Quay Lane, Northmoor*", at="head"),
    p(
        "**Abstract.** Archives that cannot afford calibrated loggers increasingly rely on sensors costing less than "
        "€15 apiece. We placed 48 such sensors in four unheated rooms for 26 months and compared them every quarter "
        "with a chilled-mirror reference. The median drift was 1.9 % relative humidity in the first year and 3.4 % in "
        "the second; sensors exposed to more than 75 % for over 30 days drifted twice as fast. A two-point correction "
        "with saturated salt solutions, repeated every nine months, kept the error under 2 % for 44 of the 48 sensors.",
        at="abstract",
    ),
    h1("1 Introduction"),
    p(
        "Paper, parchment and photographic film keep best when the surrounding air changes slowly. The usual advice, a "
        "relative humidity between 40 % and 55 %, presupposes an instrument that can be trusted to a few per cent over "
        "years. Professional loggers meet that demand, but a regional archive with sixty rooms seldom owns more than "
        "half a dozen of them.^[Survey among 112 municipal archives, spring 2021; 71 of them answered.]"
    ),
    p(
        "Capacitive polymer sensors, developed for ventilation units and weather stations, have become a tempting "
        "alternative. Their data sheets promise an accuracy of ±2 % at delivery and say little about ageing. Earlier "
        "long-term studies [1, 2] were carried out in heated offices, where condensation does not occur, and cannot be "
        "transferred to cellars and lofts."
    ),
    p(
        "This paper reports what happened to 48 sensors of three makes in rooms without heating, proposes a simple "
        "correction procedure, and estimates the labour it requires."
    ),
    h1("2 Method"),
    h2("2.1 Rooms and instruments"),
    p(
        "Four rooms were chosen for their different climates: a vaulted cellar (A), a north-facing loft (B), a former "
        "strongroom (C) and a shed used for oversized maps (D, see Figure 1). Each room received twelve sensors, four "
        "of every make, mounted at 0.4 m, 1.6 m and 2.4 m above the floor. Readings were taken at ten-minute "
        "intervals and transmitted by radio; 1.7 % of them were lost, mostly in room A, whose walls are 90 cm thick."
    ),
    p(
        "The reference was a chilled-mirror hygrometer calibrated in January of each year by an accredited laboratory. "
        "During the quarterly visits it stood beside each sensor for 40 minutes, and the mean of the last ten readings "
        "counted. Table 1 lists the makes, which we call K, L and M throughout because the manufacturers change "
        "components without notice."
    ),
    table(
        """
        | Make | Sensors | Price (€) | Stated error | Range (°C) |
        | K | 16 | 6.80 | 3 % | −40 to 85 |
        | L | 16 | 9.45 | 2 % | −40 to 125 |
        | M | 16 | 14.20 | 1.8 % | −20 to 70 |
        """,
        float="table",
        columns="@{}lrrrr@{}",
    ),
    caption("Table 1: Sensors in the comparison.", float="table"),
    table(
        """
        | Room | Winter, raw | Winter, corrected | Spring, raw | Spring, corrected | Summer, raw | Summer, corrected |
        | A, cellar | 5.12 | 1.84 | 3.97 | 1.52 | 3.31 | 1.47 |
        | B, loft | 4.26 | 1.61 | 2.88 | 1.19 | 2.40 | 1.33 |
        | C, strongroom | 1.73 | 1.08 | 1.66 | 1.01 | 1.59 | 0.97 |
        | D, shed | 4.80 | 1.92 | 3.54 | 1.70 | 2.95 | 1.28 |
        | Mean | 3.98 | 1.61 | 3.01 | 1.36 | 2.56 | 1.26 |
        """,
        float="table*",
        size=r"\small\tabcolsep5pt ",
        rule_after=(4,),
    ),
    caption("Table 2: Root mean square error in per cent relative humidity.", float="table*"),
    image("hills:4", 150, 52, float="figure*"),
    caption(
        "Figure 1: The map shed (room D) lies in a valley where fog is common from October to March.", float="figure*"
    ),
    h2("2.2 Correction"),
    p(
        "Two sealed jars with saturated solutions of magnesium chloride and sodium chloride provide 33 % and 75 % at "
        "20 °C. A sensor stays in each jar for eight hours; from both differences a straight line is computed and "
        "stored with the sensor's serial number. Three steps turned out to matter:"
    ),
    ol(
        "Let jars and sensors rest in the same room for a full day before the measurement.",
        "Keep the solution visibly wet, with undissolved crystals at the bottom.",
        "Discard a correction whose slope lies outside 0.85 to 1.15, and replace the sensor.",
    ),
    h1("3 Results"),
    h2("3.1 Drift"),
    p(
        "Drift was neither linear nor equal among makes. Figure 2 shows how the share of sensors within 2 % of the "
        "reference fell over the quarters. After twelve months 41 of 48 sensors still met that limit; after "
        "twenty-four months it was only 17. Make M, the most expensive, began best but lost its advantage in room A, "
        "where it was exposed to condensation on 63 nights."
    ),
    image("decay", 80, 48, float="figure", inside="0 20 40 60 80 100 2 4 6 8 10"),
    caption("Figure 2: Share of sensors (per cent) within the limit, by quarter.", float="figure"),
    p(
        "The influence of high humidity is striking. Sensors that had spent more than 30 days above 75 % drifted by "
        "4.6 % in the second year, all others by 2.2 %. After a week in dry air about a third of the shift "
        "disappeared, which supports the explanation that water is taken up reversibly by the polymer.^[The remaining "
        "two thirds did not recover within the six months during which we kept observing them.]"
    ),
    h2("3.2 Effect of the correction"),
    p(
        "With the two-point correction repeated every nine months, the error of 44 sensors stayed under 2 % until the "
        "end. Table 2 gives the root mean square error for each room and season. The correction helps most in winter, "
        "when uncorrected sensors read far too high, and least in the strongroom, whose climate hardly varies."
    ),
    p(
        "Labour was modest. One visit to a room with twelve sensors took 95 minutes including travel between floors; "
        "a volunteer without training needed 140 minutes on the first occasion and 105 on the third."
    ),
    h1("4 Discussion"),
    p(
        "An archive that corrects its sensors every nine months can work with instruments at a tenth of the usual "
        "price. It should, however, not expect this of rooms where water condenses on the walls: there, even corrected "
        "sensors failed without warning. We therefore recommend one professional logger in each damp room and cheap "
        "sensors everywhere else."
    ),
    p(
        "Our study has limits. Forty-eight sensors from one production year say little about later batches, and a "
        "straight line cannot describe the hysteresis seen in spring. A correction in three points would take one "
        "more day per visit; whether it is worth the trouble remains to be tested."
    ),
    p(
        "A question that came up repeatedly was whether sensors should be rotated between rooms. We tried this with "
        "six instruments over two winters. Those that had come from the cellar needed ten to fourteen days before "
        "their readings settled, so that rotation mainly adds gaps to the record. It did, however, reveal one faulty "
        "sensor that had agreed with its equally faulty neighbour for half a year."
    ),
    h1("5 Practical advice"),
    p("For archives that want to begin tomorrow, the following arrangement has proved its worth:"),
    ul(
        "two cheap sensors in each room, at head height and at least one metre away from outer walls;",
        "a printed card beside each with the date of the last correction;",
        "one well-calibrated logger that travels from room to room and stays for a week;",
        "a short monthly look at the curves by somebody who knows the building.",
    ),
    p(
        "The total cost for sixty rooms came to €2,340 in the first year and to less than €400 in every following "
        "one, including salts, batteries and the replacement of six broken sensors."
    ),
    h2("Acknowledgements"),
    p(
        "We thank the volunteers of the Northmoor archives, who carried jars through cellars for more than two years, "
        "and the water laboratory for the loan of its reference instrument."
    ),
    h1("References", at="references"),
    ol(
        "K. Brandvold and S. Amari. Ageing of polymer hygrometers in office air. *Journal of Building Sensors*, "
        "12(3):201–219, 2014.",
        "R. Thistlewood. Ten years of cheap loggers. In *Proc. 7th Workshop on Museum Climate*, pages 33–41, 2017.",
        "Y. Marchetti-Lund. *Saturated Salts as Humidity Standards*. Harbour Press, 2nd edition, 2009.",
        "D. Okonjo-Reyes et al. Condensation events and sensor failure. *Measurement Notes*, 58:77–90, 2020.",
        "F. Lindqvist-Moreau. The shed, the map and the fog: notes on an unheated store. *Archive Practice*, "
        "9(1):5–18, 2018.",
        "A. Petrauskas and J. Holm. Radio loggers behind thick walls. In *Sensors in Old Buildings*, pages 140–151. "
        "Linden & Sohn, 2016.",
        "Working Group on Storage Climate. *Recommendations for Small Archives*, version 2.1, 2022.",
        at="references",
    ),
]

INVOICE_DE = [
    p("Tischlerei Hagebruch GmbH · Sägewerkstraße 8 · 37139 Adelebsen", at="sender"),
    p("Gemeindebücherei Niedernjesa", at="to"),
    p("Frau K. Wessel", at="to"),
    p("Am Brunnen 3", at="to"),
    p("37133 Friedland", at="to"),
    kv("Rechnung Nr.", "2023-0417", at="data", labelwidth="34mm"),
    kv("Datum", "14. September 2023", at="data", labelwidth="34mm"),
    kv("Kundennummer", "10882", at="data", labelwidth="34mm"),
    kv("Leistungszeitraum", "28.8. bis 8.9.2023", at="data", labelwidth="34mm"),
    title("Rechnung", at="open"),
    p("Sehr geehrte Frau Wessel,", at="open"),
    p(
        "für die Einrichtung des Lesesaals stellen wir Ihnen wie vereinbart folgende Arbeiten und Materialien in "
        "Rechnung:",
        at="open",
    ),
    table(
        """
        | Pos. | Bezeichnung | Menge | Einzelpreis | Betrag |
        | 1 | Regalböden Esche, geölt, 24 mm | 36 Stück | 41,50 € | 1.494,00 € |
        | 2 | Seitenwangen mit Sockel | 10 Stück | 128,00 € | 1.280,00 € |
        | 3 | Lesepult mit Schublade | 2 Stück | 615,00 € | 1.230,00 € |
        | 4 | Montage vor Ort | 22 Std. | 58,00 € | 1.276,00 € |
        | 5 | Anfahrt (2 Fahrten je 31 km) | 62 km | 0,70 € | 43,40 € |
        """,
        at="items",
        columns="@{}llrrr@{}",
        rules="none",
        flush=True,
    ),
    kv("Nettobetrag", "5.323,40 €", at="totals"),
    kv("Umsatzsteuer 19 %", "1.011,45 €", at="totals"),
    kv("Gesamtbetrag", "6.334,85 €", at="totals"),
    p(
        "Bitte überweisen Sie den Gesamtbetrag bis zum 28. September 2023 auf unser unten genanntes Konto. Bei Zahlung "
        "innerhalb von sieben Tagen gewähren wir 2 % Skonto auf den Nettobetrag."
    ),
    p("Auf alle Tischlerarbeiten geben wir fünf Jahre Gewähr. Geölte Flächen bitte einmal jährlich nachölen."),
    p("Mit freundlichen Grüßen"),
    p("Tischlerei Hagebruch GmbH"),
    p("Bank: Sparkasse Leinetal, IBAN DE00 2605 0000 0123 4567 89, BIC LEITDE21XXX. Steuernummer 20/203/41176"),
]

CONTRACT_DE = [
    title("Mietvertrag über Werkstatträume"),
    p("zwischen der Grundstücksgemeinschaft Mühlenhof GbR, Mühlenhof 1–5, 99425 Weimar,"),
    p("– nachfolgend „Vermieterin“ genannt –"),
    p("und der Drucksetzerei Ammerbach e. K., Kirchgasse 12, 07745 Jena,"),
    p("– nachfolgend „Mieterin“ genannt –"),
    p("wird folgender Vertrag geschlossen:"),
    h1("§ 1 Mietgegenstand"),
    ol(
        "Vermietet werden die im Erdgeschoss des Hinterhauses gelegenen Räume 0.12 bis 0.15 mit einer Gesamtfläche von "
        "186,4 m². Die genaue Lage ergibt sich aus dem als Anlage 1 beigefügten Grundriss.",
        "Mitvermietet sind zwei Stellplätze im Innenhof (Nr. 7 und 8) sowie ein Kellerabteil von 11 m².",
        "Die Räume werden zum Betrieb einer Buchdruckwerkstatt überlassen. Jede andere Nutzung bedarf der vorherigen "
        "schriftlichen Zustimmung der Vermieterin, die nur aus wichtigem Grund verweigert werden darf.",
    ),
    h1("§ 2 Mietzeit"),
    ol(
        "Das Mietverhältnis beginnt am 1. März 2024 und läuft bis zum 28. Februar 2029.",
        "Es verlängert sich jeweils um zwölf Monate, wenn es nicht spätestens sechs Monate vor Ablauf schriftlich "
        "gekündigt wird.",
        "Das Recht zur außerordentlichen Kündigung bleibt unberührt. Ein wichtiger Grund liegt insbesondere vor, wenn "
        "die Mieterin mit mehr als zwei Monatsmieten in Verzug gerät.",
    ),
    h1("§ 3 Miete und Nebenkosten"),
    ol(
        "Die monatliche Grundmiete beträgt 1.267,50 Euro zuzüglich der gesetzlichen Umsatzsteuer. Sie ist bis zum "
        "dritten Werktag eines jeden Monats im Voraus zu zahlen.",
        "Auf die Nebenkosten wird eine monatliche Vorauszahlung von 310,00 Euro geleistet; abgerechnet wird einmal "
        "jährlich bis zum 30. Juni des Folgejahres.",
        (
            "Zu den Nebenkosten gehören:",
            [
                "Grundsteuer und Gebäudeversicherung,",
                "Wasser, Abwasser und Niederschlagswasser,",
                "Heizung einschließlich Wartung des Brenners,",
                "Straßenreinigung, Winterdienst und Müllabfuhr.",
            ],
        ),
    ),
    p("Die Beträge setzen sich im ersten Mietjahr wie folgt zusammen:"),
    table(
        """
        | Bestandteil | je Monat | je Jahr |
        | Grundmiete | 1.267,50 € | 15.210,00 € |
        | Stellplätze | 60,00 € | 720,00 € |
        | Vorauszahlung Nebenkosten | 310,00 € | 3.720,00 € |
        | Summe (netto) | 1.637,50 € | 19.650,00 € |
        """,
        rules="grid",
        columns="|l|r|r|",
    ),
    h1("§ 4 Instandhaltung"),
    ol(
        "Die Mieterin trägt die Kosten kleinerer Reparaturen bis 150,00 Euro im Einzelfall, höchstens jedoch 6 % der "
        "Jahresgrundmiete.",
        "Schäden an Dach, tragenden Wänden und Versorgungsleitungen beseitigt die Vermieterin. Die Mieterin hat solche "
        "Schäden unverzüglich, spätestens binnen drei Tagen, anzuzeigen.",
        "Maschinen mit einem Gewicht von mehr als 800 kg dürfen nur auf den im Grundriss schraffierten Flächen "
        "aufgestellt werden, da die Deckentragfähigkeit im Übrigen auf 500 kg/m² begrenzt ist.",
    ),
    h1("§ 5 Sicherheitsleistung"),
    p(
        "Die Mieterin leistet bei Vertragsschluss eine Sicherheit in Höhe von drei Grundmieten, das sind 3.802,50 "
        "Euro. Sie kann durch eine unbefristete, selbstschuldnerische Bankbürgschaft ersetzt werden. Die Sicherheit "
        "ist spätestens sechs Monate nach Rückgabe der Räume abzurechnen."
    ),
    h1("§ 6 Schlussbestimmungen"),
    ol(
        "Änderungen und Ergänzungen dieses Vertrages bedürfen der Schriftform.",
        "Sollte eine Bestimmung unwirksam sein, so bleibt die Wirksamkeit der übrigen Bestimmungen unberührt.",
        "Gerichtsstand ist, soweit gesetzlich zulässig, Weimar.",
    ),
    p("Weimar, den 12. Januar 2024"),
]

REPORT = [
    title("Flood Protection for the Lower Esk: Options and Costs", at="head"),
    p("Technical report 2024/07 · Esk Rivers Board · June 2024", at="head"),
    h1("Contents"),
    toc(),
    h1("1 Background"),
    p(
        "The Lower Esk leaves the hills at Garrowby and crosses 27 kilometres of flat farmland before it reaches the "
        "estuary. Since the embankments were raised in the 1930s, the river has broken through them on six occasions, "
        "most recently on 9 February 2020, when 412 houses in Thornholme and Lesser Sandby were flooded. Insurers put "
        "the damage at £38 million."
    ),
    h2("1.1 Earlier studies"),
    p(
        "Two consultants examined the valley before. The study of 1998 proposed higher embankments throughout; the one "
        "of 2011 recommended two storage basins above Garrowby but left open who should pay for "
        "them.^[Both studies are kept in the Board's library under the numbers ERB 98/3 and ERB 11/12.] Neither took "
        "into account that the ground is sinking by two to three millimetres a year."
    ),
    h2("1.2 Terms of reference"),
    p("The Board asked us to compare at least three options with regard to"),
    ul(
        "the level of protection they would give in 2050 and in 2080,",
        "the cost of building and of forty years of maintenance,",
        "the loss of farmland and the effect on salt-marsh habitats.",
    ),
    h1("2 Hydrology"),
    h2("2.1 Discharge"),
    p(
        "Flow has been recorded at Garrowby weir since 1957. The series contains a gap of fourteen months after the "
        "gauge was struck by a tree in 1976. We have closed it with the help of the neighbouring station at Pell "
        "Bridge, whose records agree with those at Garrowby to within 6 %."
    ),
    h3("2.1.1 Extreme values"),
    p(
        "A generalised extreme value distribution was fitted to the annual maxima. The discharge to be expected once "
        "in a hundred years is 318 m³/s, with a confidence interval from 271 to 389 m³/s. In the climate "
        "scenario used for planning in this region it rises to 372 m³/s by 2080."
    ),
    h3("2.1.2 Tides"),
    p(
        "High water at the estuary hinders the outflow for up to five hours. The combination of a spring tide with a "
        "flood wave is rare but decisive: in three of the six breaches the embankment failed within ninety minutes of "
        "high water. Figure 1 shows how the duration of the tide lock grows with the level of the sea."
    ),
    image("curve", 120, 62, inside="0 20 40 60 80 100 2 4 6 8 10"),
    caption("Figure 1: Duration of the tide lock (per cent of the time) for ten sea levels."),
    h2("2.2 Ground levels"),
    p(
        "A survey flight in March 2023 provided heights with an accuracy of five centimetres. The lowest ground, "
        "0.4 m below mean sea level, lies not by the river but along the old railway, where peat has been drained for "
        "a century and a half. Water that enters there cannot flow back and must be pumped out."
    ),
    h1("3 Options"),
    h2("3.1 Option A: higher embankments"),
    p(
        "Raising 41 kilometres of embankment by 0.9 m on average is the simplest solution. It needs no new land apart "
        "from a strip of four to six metres on the landward side. On soft ground, however, every additional metre of "
        "clay settles by about a quarter within ten years, so that the work would never be finished."
    ),
    h2("3.2 Option B: storage above Garrowby"),
    p(
        "Two basins with a joint volume of 7.4 million cubic metres could cut the peak of a hundred-year flood by 22 "
        "%. They would be dry in normal years and could still be grazed. Forty-three landowners are concerned; thirty "
        "of them have signalled that they would agree to an easement if compensated properly.^[Letters received "
        "between November 2023 and April 2024; the remaining owners did not reply.]"
    ),
    h2("3.3 Option C: giving room to the tide"),
    p(
        "Moving the embankment inland at three places on the estuary would create 190 hectares of salt marsh. The "
        "marsh breaks the waves and stores water during the tide lock. It also counts as compensation for habitats "
        "lost elsewhere, for which the Board would otherwise have to pay."
    ),
    h1("4 Inventory of structures"),
    p(
        "Table 1 lists all sluices, weirs and pumping stations between Garrowby and the estuary with their condition "
        "at the inspection in autumn 2023. Grade 1 means as new, grade 5 means unsafe."
    ),
    table(
        """
        | No. | Structure | River km | Built | Capacity (m³/s) | Grade |
        | 1 | Garrowby weir | 27.1 | 1911 | 310 | 3 |
        | 2 | Mill Lane sluice | 25.8 | 1934 | 14 | 4 |
        | 3 | Upper Common outfall | 24.9 | 1936 | 6 | 2 |
        | 4 | Thornholme pumping station | 23.0 | 1968 | 9 | 3 |
        | 5 | Thornholme bridge culverts | 22.7 | 1902 | 22 | 4 |
        | 6 | Priory drain sluice | 21.5 | 1935 | 11 | 2 |
        | 7 | Sandby north outfall | 20.2 | 1937 | 5 | 5 |
        | 8 | Sandby pumping station | 19.6 | 1971 | 12 | 2 |
        | 9 | Old railway culvert | 18.4 | 1889 | 4 | 5 |
        | 10 | Ings gate | 17.3 | 1936 | 8 | 3 |
        | 11 | Holme Farm outfall | 16.0 | 1952 | 3 | 2 |
        | 12 | Carr Dyke sluice | 14.7 | 1934 | 17 | 3 |
        | 13 | Carr Dyke pumping station | 14.6 | 1983 | 10 | 1 |
        | 14 | Whin Moor gate | 12.9 | 1938 | 7 | 4 |
        | 15 | Abbot's Staith | 11.2 | 1860 | 2 | 3 |
        | 16 | Long Reach outfall | 9.8 | 1955 | 6 | 2 |
        | 17 | Long Reach pumping station | 9.7 | 1990 | 15 | 1 |
        | 18 | Saltcotes sluice | 7.5 | 1939 | 19 | 4 |
        | 19 | Marsh Lane outfall | 5.9 | 1961 | 4 | 3 |
        | 20 | East Warren gate | 4.1 | 1942 | 9 | 5 |
        | 21 | Ferry Inn culvert | 2.6 | 1924 | 3 | 4 |
        | 22 | Estuary barrier | 0.3 | 2003 | 340 | 2 |
        """,
        long=True,
        columns="rlrrrr",
    ),
    caption("Table 1: Structures on the Lower Esk."),
    h1("5 Recommendation"),
    p(
        "We recommend a combination of options B and C. Over forty years it costs £96 million, £14 million less than "
        "option A, and it gives protection against a flood that occurs once in 150 years instead of once in 90. The "
        "first steps should be:"
    ),
    ol(
        "to repair or replace the three structures of grade 5 before the winter of 2025/26,",
        "to open negotiations with the landowners above Garrowby,",
        "to apply for planning permission for the first 70 hectares of salt marsh at East Warren.",
    ),
    p(
        "Monitoring has to start at once, because without at least two years of observations before building begins "
        "the effect of the measures could not be proved afterwards."
    ),
]

SLIDES = [
    title("Composting on Campus"),
    p("Results of the first two semesters"),
    p("Sustainability Office, 14 November 2024"),
    h1("Why compost at all?"),
    ul(
        "The canteens produce 4.2 tonnes of kitchen waste a week",
        (
            "Disposal used to cost €187 per tonne",
            ["collection by lorry, three times a week", "incineration 46 km away"],
        ),
        "The botanical garden buys 310 m³ of peat-free soil a year",
        "Students asked for it: 2,140 signatures in ten days",
    ),
    h1("How the pilot works"),
    ol(
        "Kitchen staff collect peelings and leftovers in 60-litre bins",
        "A cargo bike brings the bins to the garden every morning",
        "Waste is shredded and mixed with leaves, two parts to one",
        "After nine weeks at 55 to 65 °C the compost is sieved",
    ),
    h1("What went into the heap"),
    table(
        """
        | Source | Autumn (t) | Spring (t) | Change |
        | Main canteen | 31.4 | 38.9 | +24 % |
        | North canteen | 12.7 | 15.1 | +19 % |
        | Cafeterias | 4.8 | 7.7 | +60 % |
        | Halls of residence | 2.2 | 5.0 | +127 % |
        """
    ),
    p("Coffee grounds make up a quarter of the cafeterias' share."),
    h1("Temperature in the heap"),
    ul(
        "Above 55 °C for at least two weeks",
        "Turned on day 10 and day 24",
        "No weeds germinated in the test trays",
        side="left",
    ),
    image("months", 60, 42, side="right", inside="0 20 40 60 80 100 2 4 6 8 10 12"),
    h1("What it costs"),
    p("Savings on disposal exceed the running costs from the second semester on:"),
    table(
        """
        | | First semester | Second semester |
        | Wages | €9,600 | €9,850 |
        | Equipment | €14,300 | €1,120 |
        | Saved on disposal | €9,557 | €12,473 |
        | Balance | −€14,343 | +€1,503 |
        """,
    ),
    h1("Next steps"),
    ul(
        "A second shredder, financed by the alumni association",
        "Closed bins with filters for the halls of residence",
        "An open day on 16 May with free compost for everybody",
    ),
    p("Questions? Write to compost@campus.example."),
]

EXERCISES = [
    title("Physik II für Ingenieure – Übungsblatt 5", at="head"),
    p("Sommersemester 2024, Ausgabe am 13. Mai, Abgabe bis 27. Mai vor der Vorlesung", at="head"),
    p(
        "Schreiben Sie bitte auf jedes Blatt Ihren Namen und die Nummer Ihrer Übungsgruppe. Insgesamt sind 40 Punkte "
        "erreichbar; ab 20 Punkten gilt das Blatt als bestanden."
    ),
    h1("Aufgabe 1: Kondensatoren (12 Punkte)"),
    p(
        "Zwei kreisförmige Platten mit dem Radius 8,0 cm stehen einander im Abstand von 1,5 mm gegenüber. Zwischen "
        "ihnen befindet sich Luft; die angelegte Spannung beträgt 240 V."
    ),
    ol(
        "Berechnen Sie die Kapazität der Anordnung und die gespeicherte Ladung.",
        (
            "Nun wird eine 1,0 mm dicke Glasscheibe mit der relativen Dielektrizitätszahl 6,5 eingeschoben.",
            [
                "Um welchen Faktor ändert sich die Kapazität?",
                "Wie groß ist die Feldstärke im Glas, wie groß in der verbleibenden Luftschicht?",
                "Welche Arbeit wird beim Einschieben verrichtet, wenn die Spannungsquelle angeschlossen bleibt?",
            ],
        ),
        "Skizzieren Sie den Verlauf des Potentials zwischen den Platten mit und ohne Glasscheibe.",
    ),
    h1("Aufgabe 2: Entladung über einen Widerstand (10 Punkte)"),
    p(
        "Ein Kondensator wird über einen Widerstand von 47 kΩ entladen. Ein Messgerät zeichnet die Spannung alle zwei "
        "Sekunden auf; die Werte stehen in Tabelle 1, ihr Verlauf ist in Abbildung 1 dargestellt."
    ),
    table(
        """
        | Zeit (s) | 0 | 2 | 4 | 6 | 8 | 10 |
        | Spannung (V) | 96 | 71 | 54 | 41 | 33 | 27 |
        | Strom (mA) | 2,04 | 1,51 | 1,15 | 0,87 | 0,70 | 0,57 |
        """,
        rules="grid",
        columns="|l|r|r|r|r|r|r|",
        header=1,
    ),
    caption("Tabelle 1: Messwerte der Entladung."),
    image("decay", 95, 52, inside="0 20 40 60 80 100 2 4 6 8 10"),
    caption("Abbildung 1: Spannung in Volt über der Nummer der Messung."),
    ol(
        "Bestimmen Sie die Zeitkonstante grafisch und geben Sie den Fehler an.",
        "Wie groß ist demnach die Kapazität?",
        (
            "Bewerten Sie die Messung:",
            [
                "Welchen Einfluss hat der Innenwiderstand des Messgeräts von 10 MΩ?",
                "Warum weichen die letzten Werte von der erwarteten Kurve ab?",
            ],
        ),
    ),
    h1("Aufgabe 3: Verständnisfragen (8 Punkte)"),
    p("Begründen Sie Ihre Antworten in jeweils ein bis zwei Sätzen."),
    ol(
        "Warum ist man in einem Auto vor Blitzschlag geschützt, in einem Cabriolet mit geöffnetem Verdeck aber nicht?",
        "Weshalb knistert ein Wollpullover beim Ausziehen vor allem an kalten, trockenen Tagen?",
        "Kann das elektrische Feld in einem Punkt verschwinden, in dem das Potential nicht null ist?",
    ),
    h1("Aufgabe 4: Spannungsteiler (10 Punkte)"),
    p(
        "Eine Batterie mit 12,6 V Leerlaufspannung und 0,4 Ω Innenwiderstand versorgt zwei in Reihe geschaltete Lampen "
        "mit 8 Ω und 16 Ω. Parallel zur zweiten Lampe liegt ein Voltmeter mit einem Widerstand von 20 kΩ."
    ),
    ol(
        "Welche Spannung zeigt das Voltmeter an?",
        "Wie groß sind die Leistungen, die in den Lampen umgesetzt werden?",
        "Nach 36 Stunden ist die Leerlaufspannung auf 11,9 V gesunken, der Innenwiderstand auf 0,9 Ω gestiegen. Um wie "
        "viel Prozent ist die Gesamtleistung zurückgegangen?",
    ),
    p("Viel Erfolg! Sprechstunde: mittwochs 14 bis 15 Uhr, Raum E 2.07."),
]

REPORT_ZH = [
    title("城市屋顶花园降温效果观测报告", at="head"),
    p("滨江市环境观测站　2024年9月", at="head"),
    h1("1 项目概况"),
    p(
        "2023年5月至2024年8月，我站对滨江市老城区的十二处屋顶花园进行了连续观测，目的在于了解绿化屋顶对室内温度和"
        "空调用电量的影响。观测点分布在住宅楼、学校和办公楼的顶层，总面积约3860平方米，其中最大的一处为第四中学实验"
        "楼，面积720平方米。"
    ),
    p(
        "每个观测点安装两组温度传感器，一组位于土壤下方的屋面板，另一组位于顶层房间的天花板。作为对照，我们在相邻的"
        "未绿化屋顶也安装了同样的设备。数据每十分钟记录一次，缺失率为1.3%。^[缺失主要发生在2023年7月的雷雨期间。]"
    ),
    h1("2 主要结果"),
    h2("2.1 温度"),
    p(
        "在最高气温超过35摄氏度的日子里，绿化屋顶的屋面温度平均比普通屋顶低18.6摄氏度，顶层房间的最高温度平均低2.9"
        "摄氏度。夜间差别较小，只有0.7摄氏度。土层越厚，效果越明显，但厚度超过25厘米以后改善不大。各类屋顶的比较见"
        "表1。"
    ),
    table(
        """
        | 屋顶类型 | 土层厚度（厘米） | 屋面最高温度 | 室内最高温度 | 日用电量（度） |
        | 普通屋顶 | 0 | 58.4 | 33.1 | 21.7 |
        | 草坪屋顶 | 10 | 42.5 | 31.0 | 18.2 |
        | 灌木屋顶 | 25 | 38.9 | 30.1 | 16.5 |
        | 菜园屋顶 | 35 | 37.6 | 29.8 | 16.1 |
        """,
        columns="lrrrr",
    ),
    caption("表1 不同屋顶的夏季观测值（2024年7月平均）"),
    h2("2.2 用电量"),
    p(
        "与对照房间相比，绿化屋顶下的房间在六月至八月共节约用电百分之二十二。按照每度电0.62元计算，一户顶层居民每年"
        "大约可以节省210元。月度变化见图1。需要说明的是，居民的使用习惯差别很大，有三户人家在观测期间更换了空调，"
        "因此没有计入平均值。"
    ),
    image("months", 110, 55, inside="0 20 40 60 80 100 2 4 6 8 10 12"),
    caption("图1 2024年各月节电指数"),
    h1("3 维护与问题"),
    p("屋顶花园能否长期发挥作用，取决于日常维护。调查中发现的主要问题有以下几个方面："),
    ul(
        "排水口被落叶堵塞，四处观测点在暴雨后出现积水；",
        "部分植物不耐高温，第一个夏天的死亡率达到百分之十五；",
        "浇水主要依靠自来水，只有两处安装了雨水收集装置；",
        "维护责任不明确，业主委员会和物业公司互相推诿。",
    ),
    h1("4 建议"),
    p("根据以上结果，我们建议有关部门在制定屋顶绿化补贴办法时考虑下列措施："),
    ol(
        "补贴金额与土层厚度挂钩，以20至25厘米为宜，每平方米不超过150元。",
        "申请人须提交承重检测报告和五年维护计划。",
        "优先支持学校、医院和养老院等公共建筑。",
        "从2025年起每两年进行一次复查，对不合格的项目收回部分补贴。",
    ),
    p(
        "观测工作将继续到2026年底。我们计划增加湿度和噪声两个项目，并与气象部门的高空数据进行比较，以便估计屋顶绿化"
        "在更大范围内的影响。"
    ),
]

DOCUMENTS = [
    Document("latex-paper-two-column", "latex", "paper", "paper", "en", PAPER),
    Document("latex-report-contents", "latex", "report", "report", "en", REPORT,
             {"header": "Flood Protection for the Lower Esk"}),
    Document("latex-slides", "latex", "slides", "slides", "en", SLIDES, {"footer": "Composting on Campus"}),
    Document("latex-exercises-de", "latex", "sheet", "exercises", "de", EXERCISES),
    Document("latex-invoice-unruled-de", "latex", "invoice", "invoice", "de", INVOICE_DE),
    Document("latex-contract-de", "latex", "contract", "contract", "de", CONTRACT_DE),
    Document("latex-report-zh", "latex", "chinese", "report", "zh", REPORT_ZH, {"header": "滨江市环境观测站报告"}),
]  # fmt: skip
