"""Documents for the browser."""

from benchmarks.quality.content.model import Document, caption, code, h1, h2, image, kv, ol, p, table, title, ul

INVOICE = [
    title("Invoice", at="title"),
    p("Harrow & Finch Bindery Ltd.", at="sender"),
    p("Unit 6, Tannery Yard", at="sender"),
    p("Ashcombe AX4 9QD", at="sender"),
    p("accounts@harrowfinch.example", at="sender"),
    h2("Billed to", at="to"),
    p("Lower Meadow Parish Council", at="to"),
    p("The Old Schoolhouse, Church Lane", at="to"),
    p("Lower Meadow AX7 2RB", at="to"),
    kv("Invoice number", "HF-20418", at="data"),
    kv("Date of issue", "3 March 2025", at="data"),
    kv("Payment due", "2 April 2025", at="data"),
    kv("Your reference", "PC/minutes/118", at="data"),
    table(
        """
        | Description | Quantity | Unit price | Amount |
        | Rebinding of minute books 1894–1931, half calf | 7 | £148.00 | £1,036.00 |
        | Repair of torn leaves with Japanese paper | 212 | £1.35 | £286.20 |
        | Archival boxes, made to measure | 7 | £24.50 | £171.50 |
        | Gold tooling on spines, per line | 21 | £6.20 | £130.20 |
        | Collection and delivery by van | 2 | £38.00 | £76.00 |
        """,
        at="items",
        right=(1, 2, 3),
    ),
    kv("Subtotal", "£1,699.90", at="totals"),
    kv("Discount 5 %", "−£85.00", at="totals"),
    kv("VAT 20 %", "£322.98", at="totals"),
    kv("Total due", "£1,937.88", at="totals", style="strong"),
    p(
        "Please pay by bank transfer to sort code 00-11-22, account 31415926, and quote the invoice number. Interest "
        "of 0.5 % per month is charged on amounts outstanding for more than 30 days."
    ),
    p("The volumes were photographed before and after treatment; the images are kept for ten years."),
    p("Registered in Ashcombe, company number 07721180. VAT registration GB 000 4185 22."),
]

MAGAZINE = [
    title("The Lock-Keeper's Second Spring", at="head"),
    p(
        "For forty years the Wenlow branch was a ditch full of nettles. Now the boats are back, and so are the people "
        "who look after them.",
        at="head",
        style="lead",
    ),
    p(
        "Early on a Tuesday in May, before the mist has left the reeds, the first narrowboat of the season noses into "
        "Addersley bottom lock. There is no ceremony. A woman in a yellow oilskin leans against the balance beam, "
        "waits until the water has stopped boiling, and walks the gate open with her back, as lock-keepers have done "
        "here since 1797.",
        style="first",
    ),
    p(
        "It takes eleven minutes to pass. In the whole of last year 1,264 boats made the climb, twice as many as the "
        "trust had hoped for when it reopened the flight. Each of them paid £8.50, bought diesel or a pasty, and told "
        "somebody about it."
    ),
    image("hills:11", 82, 50),
    caption("Morning at the third lock, looking towards the Wenlow ridge."),
    h1("A ditch with a future"),
    p(
        "The branch was closed to traffic in 1962 after a breach below the aqueduct drained four miles in a single "
        "night. Repairs would have cost £31,000, more than the freight had earned in a decade. The water board sold "
        "the cottages, filled in two bridges, and let the rest go to seed."
    ),
    p(
        "What saved it was, oddly enough, a dispute about drainage. When the by-pass was planned in 1988 the engineers "
        "discovered that the old channel still carried a third of the valley's floodwater. It could not be built over, "
        "and so it had to be maintained; and if it was to be maintained, argued a handful of enthusiasts, it might as "
        "well be dug to a depth at which something would float."
    ),
    p(
        "They began with borrowed spades. By 1995 there were 340 volunteers, a second-hand dredger called *Patience*, "
        "and a rule that still hangs in the tool shed: no one digs alone, no one digs hungry."
    ),
    h1("What a lock costs"),
    p(
        "Rebuilding a lock is not cheap. The gates alone, four tonnes of green oak held together by iron straps, come "
        "to £46,000 a pair and last about twenty-five years. Lime mortar must cure for weeks and cannot be laid in "
        "frost. The chart shows how the number of visitors followed the reopening of one lock after another."
    ),
    image("bars", 82, 42),
    caption("Visitors in thousands, 2019 to 2024. Source: Wenlow Branch Trust."),
    p(
        "Most of the money came in small amounts. A legacy of £120,000 paid for the aqueduct's new lining; the "
        "remainder, some £900,000 in all, was raised by raffles, sponsored walks, and the sale of bricks with the "
        "donor's initials. “People like to own a bit of wall,” says the treasurer, a retired maths teacher who keeps "
        "the accounts in a ledger and, as a concession to the auditors, in a spreadsheet as well."
    ),
    h1("The people at the gates"),
    p(
        "Nobody at Addersley is called a lock-keeper officially. The rota says “towpath assistant, Tues/Thurs”. There "
        "are nineteen of them, aged between seventeen and eighty-one. They have all done the two-day course, which "
        "covers sluices, first aid, and how to talk to a skipper who has been drinking."
    ),
    p(
        "The eldest of them grew up in the cottage by the top gate, the last child born there before the closure. He "
        "remembers coal boats, and the sound of a horse's hooves on the bridge at night. He comes on Thursdays, brings "
        "his own mug, and does not use the lift-assist that the younger ones swear by."
    ),
    p(
        "“You push with your legs,” he explains, “and you think about something else.” Then the gate begins to move, "
        "slowly at first, and the boat slides out on to the upper level, where the kingfishers are."
    ),
    h1("Next on the list"),
    p(
        "Two miles remain: from the maltings to the junction with the main line. The culvert under the railway is too "
        "low for modern boats, and raising it would need a closure of nine days. Talks have been going on since 2016. "
        "If they succeed, it will be possible in 2029 to travel from Addersley to the sea without touching land, for "
        "the first time in sixty-seven years."
    ),
    h1("If you go"),
    ul(
        "The flight at Addersley is open to boats from 1 April to 31 October, 8 a.m. to 6 p.m.; the last boat must be "
        "in the bottom lock by 4.30 p.m.",
        "Walkers can follow the towpath at any time. The circular route over Wenlow ridge is 7½ miles long and takes "
        "three and a half hours.",
        "Volunteers meet at the tool shed on the first Saturday of the month. No experience is needed; gloves and "
        "soup are provided.",
        "Parking costs £3 a day. The number 14 bus stops at the maltings every forty minutes, except on Sundays.",
    ),
    p(
        "The trust's office in the former toll house sells maps, moorings and a book of photographs. It is run by two "
        "people and a cat, and it answers letters more quickly than e-mail."
    ),
]

WEB_ARTICLE = [
    title("Measuring a garden's water use with a €4 microcontroller"),
    p("Published 18 June 2024 · 6 minute read · Filed under electronics, garden", style="meta"),
    p(
        "Last summer our allotment association received a water bill that was 38 % higher than the year before. Nobody "
        "admitted to having watered more. Since there is a single meter for 44 plots, I decided to find out where the "
        "water goes, with parts that cost less than a bag of compost."
    ),
    h1("What you need"),
    ul(
        "A microcontroller board with wireless, for instance one based on the [ESP8266](https://example.org/esp8266).",
        "A Hall-effect flow sensor with half-inch threads; I used the YF-S201 model, which is good for 1–30 litres "
        "a minute.",
        "A weatherproof box, a power bank of at least 10,000 mAh, and three jumper wires.",
        "Patience with plumbing tape.",
    ),
    h1("Counting pulses"),
    p(
        "The sensor sends about 450 pulses per litre. An interrupt counts them; once a minute the count goes to the "
        "server and is reset. The whole program fits on one screen:"
    ),
    code(
        "volatile uint32_t pulses = 0;\n"
        "void IRAM_ATTR tick() { pulses++; }\n"
        "void setup() {\n"
        "  pinMode(D5, INPUT_PULLUP);\n"
        "  attachInterrupt(D5, tick, FALLING);\n"
        "}\n"
        "void loop() {\n"
        "  delay(60000);\n"
        "  send(pulses / 450.0);\n"
        "  pulses = 0;\n"
        "}"
    ),
    p(
        "Strictly speaking one should disable interrupts while the counter is reset. At 450 pulses a litre the error "
        "is less than 0.01 %, so I did not bother. If you do, have a look at the [library's "
        "notes](https://example.org/notes) on critical sections."
    ),
    h1("Calibration"),
    p(
        "Data sheets are optimistic. I filled a ten-litre bucket five times at three different rates and compared. "
        "Below two litres a minute the sensor misses a good deal:"
    ),
    table(
        """
        | Flow (l/min) | Counted (l) | Real (l) | Factor |
        | 1.5 | 8.3 | 10.0 | 1.205 |
        | 6.0 | 9.7 | 10.0 | 1.031 |
        | 14.0 | 9.9 | 10.0 | 1.010 |
        """,
        right=(0, 1, 2, 3),
    ),
    h1("What came out"),
    p(
        "After five weeks the picture was clear. Two thirds of the water flows between seven and nine in the evening, "
        "which is sensible. But there was also a constant trickle of 1.8 litres a minute, day and night, on the "
        "eastern branch: a cracked valve under the compost heaps. That alone adds up to 2,592 litres a day."
    ),
    image("curve", 150, 55),
    caption("Water drawn on the eastern branch, cumulative share by hour of the day."),
    p("The repair took an afternoon and cost €11.20. If you want to try this yourself, I suggest the following order:"),
    ol(
        "Measure at the main meter for a week, so that you know what to expect.",
        "Put one sensor on every branch, not on every plot.",
        "Look at the night first: whatever flows at three o'clock is a leak.",
    ),
    p(
        "Questions are welcome in the [forum](https://example.org/forum). The complete source code and the drawings of "
        "the box are [on the project page](https://example.org/water) under a free licence."
    ),
]

FORM_DE = [
    title("Antrag auf einen Anwohnerparkausweis"),
    p("Bitte vollständig ausfüllen und mit den Nachweisen beim Bürgeramt einreichen. Bearbeitungsdauer: etwa 10 Tage."),
    h1("1. Angaben zur Person"),
    kv("Name, Vorname", "Drosselbach, Henrike", wide=8),
    kv("Geburtsdatum", "03.11.1979", wide=4),
    kv("Straße, Hausnummer", "Färbergasse 27", wide=6),
    kv("Postleitzahl", "38640", wide=2),
    kv("Ort", "Goslar", wide=4),
    kv("Telefon (tagsüber)", "05321 000 418", wide=6),
    kv("E-Mail", "h.drosselbach@beispiel.example", wide=6),
    h1("2. Angaben zum Fahrzeug"),
    kv("Amtliches Kennzeichen", "GS-HD 1179", wide=4),
    kv("Hersteller und Typ", "Kleinwagen, fünftürig", wide=8),
    kv("Halter ist", "Antragstellerin", wide=6),
    kv("Zulässiges Gesamtgewicht", "1.640 kg", wide=3),
    kv("Länge", "4,05 m", wide=3),
    h1("3. Gewünschter Ausweis"),
    kv("Parkzone", "Zone C – Frankenberger Viertel", wide=6),
    kv("Beginn", "01.07.2024", wide=3),
    kv("Dauer", "24 Monate", wide=3),
    kv("Begründung bei Zweitwagen", "entfällt"),
    h1("4. Beigefügte Nachweise"),
    ul(
        "Kopie der Zulassungsbescheinigung Teil I",
        "Meldebescheinigung, nicht älter als drei Monate",
        "bei Firmenwagen: Bestätigung des Arbeitgebers über die private Nutzung",
    ),
    h1("5. Erklärung"),
    p(
        "Ich versichere, dass mir auf privatem Grund kein Stellplatz zur Verfügung steht. Mir ist bekannt, dass der "
        "Ausweis keinen Anspruch auf einen bestimmten Parkplatz begründet und bei Umzug zurückzugeben ist. Die Gebühr "
        "von 61,00 Euro für zwei Jahre wird nach Erhalt des Bescheides überwiesen."
    ),
    kv("Ort, Datum", "Goslar, 10. Juni 2024", wide=6),
    kv("Unterschrift", "H. Drosselbach", wide=6),
]

RECIPE = [
    title("Plum Cake with Rye Crumble", at="head"),
    p("A sturdy autumn cake that tastes even better on the second day.", at="head", style="lead"),
    image("still:9", 170, 48, at="photo"),
    caption("Use firm, late plums; early ones give off too much juice.", at="photo"),
    h1("Ingredients", at="aside"),
    h2("For the dough", at="aside"),
    ul(
        "300 g plain flour",
        "150 ml lukewarm milk",
        "20 g fresh yeast",
        "60 g sugar",
        "70 g soft butter",
        "1 egg and a pinch of salt",
        at="aside",
    ),
    h2("For the topping", at="aside"),
    ul(
        "1.4 kg plums, stoned and halved",
        "1 tsp ground cinnamon",
        "2 tbsp breadcrumbs",
        at="aside",
    ),
    h2("For the crumble", at="aside"),
    ul("120 g rye flour", "80 g brown sugar", "90 g cold butter", "40 g chopped hazelnuts", at="aside"),
    h2("Times and yield", at="aside"),
    kv("Preparation:", "45 minutes", at="aside"),
    kv("Rising:", "75 minutes", at="aside"),
    kv("Baking:", "40 minutes", at="aside"),
    kv("Makes:", "20 pieces", at="aside"),
    h1("Method"),
    ol(
        "Crumble the yeast into the milk, stir in a teaspoon of the sugar and leave for ten minutes until it foams.",
        "Knead flour, remaining sugar, salt, egg, butter and the yeast milk to a smooth dough; by hand this takes "
        "about twelve minutes, with a machine eight.",
        "Cover the bowl with a damp cloth and let the dough rise in a warm place for an hour, until it has doubled.",
        "Meanwhile rub the butter into the rye flour and brown sugar, add the hazelnuts, and put the crumble into the "
        "refrigerator.",
        "Roll the dough out on a greased tray of 30 × 40 cm, prick it with a fork and let it rise for another quarter "
        "of an hour. Heat the oven to 190 °C.",
        "Sprinkle the breadcrumbs over the dough, set the plums upright in close rows, dust them with cinnamon and "
        "scatter the crumble on top.",
        "Bake on the middle shelf for 40 minutes. The crumble should be dark gold and the edges of the plums just "
        "beginning to brown.",
    ),
    h1("Notes"),
    p(
        "The breadcrumbs soak up the juice and keep the base crisp. If your plums are very sour, sprinkle two "
        "tablespoons of sugar over the cake *after* baking, never before, as it would draw out even more liquid."
    ),
    p(
        "The cake keeps for three days under a cloth and freezes well for up to two months. Reheat frozen pieces at "
        "150 °C for a quarter of an hour."
    ),
]

DATASHEET = [
    title("Ventra KR-240 duct fan", at="head"),
    p(
        "Quiet inline fan for round ducts of 160 to 250 mm with electronically commutated motor",
        at="head",
        style="lead",
    ),
    h1("Description", at="left"),
    p(
        "The KR-240 moves up to 1,080 m³ of air an hour and draws no more than 96 W. Its backward-curved impeller is "
        "balanced at full speed, which keeps vibration below 1.8 mm/s over the whole range.",
        at="left",
    ),
    h1("Features", at="left"),
    ul(
        "Speed adjustable from 10 to 100 % by 0–10 V signal or potentiometer",
        "Housing of galvanised steel, powder-coated, two-part for cleaning",
        "Any mounting position, brackets included",
        "Protected against overheating and blocked rotor",
        "Suitable for air up to 60 °C",
        at="left",
    ),
    image("still:17", 82, 54, at="right"),
    caption("KR-240 with mounting bracket and terminal box", at="right"),
    p("Typical uses: offices, workshops, kitchens and shops with long ducts and high demands on silence.", at="right"),
    h1("Technical data"),
    table(
        """
        | Property | KR-240/160 | KR-240/200 | KR-240/250 |
        | Air flow, maximum (m³/h) | 620 | 860 | 1,080 |
        | Pressure, maximum (Pa) | 410 | 455 | 480 |
        | Power (W) | 58 | 79 | 96 |
        | Current (A) | 0.45 | 0.61 | 0.74 |
        | Speed (1/min) | 2,950 | 2,870 | 2,790 |
        | Sound pressure at 3 m (dB(A)) | 38 | 41 | 44 |
        | Mains voltage | 230 V, 50/60 Hz | 230 V, 50/60 Hz | 230 V, 50/60 Hz |
        | Protection class | IP 44 | IP 44 | IP 44 |
        | Weight (kg) | 3.9 | 4.6 | 5.8 |
        """,
        right=(1, 2, 3),
    ),
    h1("Pressure over air flow"),
    image("decay", 120, 46),
    caption("KR-240/250 at full speed; horizontal axis 0 to 1,080 m³/h, vertical axis 0 to 480 Pa"),
    h1("Accessories"),
    table(
        """
        | Article | Order number | Price |
        | Speed controller, surface mounted | 240-1102 | €48.50 |
        | Back-draught damper 250 mm | 240-2250 | €31.90 |
        | Filter box, class M5 | 240-3105 | €87.00 |
        | Pair of flexible connectors | 240-4250 | €22.40 |
        """,
        right=(2,),
    ),
]

PRICES_DE = [
    title("Wirtshaus zum Alten Zoll", at="head"),
    p("Speisen und Getränke, gültig ab 1. Oktober 2024", at="head", style="lead"),
    h1("Suppen"),
    table(
        """
        | Kürbissuppe mit gerösteten Kernen | 6,20 |
        | Rinderbrühe mit Flädle | 5,80 |
        | Linseneintopf mit Räucherwurst | 7,90 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Hauptgerichte"),
    p("Alle Hauptgerichte servieren wir mit einem kleinen Blattsalat."),
    table(
        """
        | Käsespätzle mit Röstzwiebeln | 12,40 |
        | Zanderfilet auf Rahmwirsing | 19,80 |
        | Rinderroulade, Rotkohl, Kartoffelklöße | 18,50 |
        | Wildgulasch mit Preiselbeeren | 21,30 |
        | Gemüsestrudel mit Kräuterschaum | 13,90 |
        | Schnitzel vom Landschwein, Bratkartoffeln | 15,60 |
        | Forelle Müllerin aus der Steinach | 17,20 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Für den kleinen Hunger"),
    table(
        """
        | Bauernbrot mit Griebenschmalz | 4,50 |
        | Ofenkartoffel mit Kräuterquark | 7,80 |
        | Sülze mit Remoulade | 9,40 |
        | Käseteller mit Trauben | 10,90 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Nachspeisen"),
    table(
        """
        | Apfelküchle mit Vanillesoße | 6,90 |
        | Bayerische Creme mit Himbeeren | 6,40 |
        | Drei Kugeln Eis nach Wahl | 5,10 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Biere vom Fass"),
    p("Aus der Brauerei am Ort, 5,1 bis 5,8 % Vol."),
    table(
        """
        | Helles, 0,5 l | 4,20 |
        | Kellerbier, 0,5 l | 4,40 |
        | Dunkles, 0,3 l | 3,10 |
        | Radler, 0,5 l | 4,10 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Alkoholfreie Getränke"),
    table(
        """
        | Mineralwasser, 0,75 l | 5,60 |
        | Apfelschorle, 0,4 l | 3,90 |
        | Rhabarbersaft, 0,2 l | 3,20 |
        | Hausgemachte Limonade, 0,4 l | 4,80 |
        | Kännchen Filterkaffee | 4,60 |
        """,
        header=0,
        right=(1,),
    ),
    h1("Offene Weine"),
    table(
        """
        | Silvaner, trocken, 0,2 l | 6,10 |
        | Grauburgunder, 0,2 l | 6,80 |
        | Spätburgunder, 0,2 l | 7,20 |
        """,
        header=0,
        right=(1,),
    ),
    p(
        "Auskunft über Zusatzstoffe und Allergene gibt Ihnen unser Personal gern. Reservierungen nehmen wir täglich "
        "außer montags von 11 bis 22 Uhr entgegen.",
        at="foot",
    ),
]

CV = [
    image("still:27", 40, 48, at="aside"),
    h1("Contact", at="aside"),
    kv("Address", "9 Ropewalk Terrace, Saltney Bay", at="aside"),
    kv("Telephone", "01632 960 882", at="aside"),
    kv("E-mail", "e.varga@post.example", at="aside"),
    h1("Skills", at="aside"),
    ul(
        "Hydraulic modelling",
        "Field surveys and levelling",
        "Python and SQL",
        "Tender documents",
        "Leading teams of up to eight",
        at="aside",
    ),
    h1("Languages", at="aside"),
    kv("English", "native", at="aside"),
    kv("Hungarian", "fluent", at="aside"),
    kv("German", "good, level B2", at="aside"),
    h1("Interests", at="aside"),
    p("Fell running, repairing clocks, choir (alto)", at="aside"),
    title("Esther Varga-Holt"),
    p("Civil engineer for water and drainage", style="lead"),
    h1("Profile"),
    p(
        "Chartered engineer with eleven years of experience in the planning and supervision of drainage schemes for "
        "towns between 5,000 and 120,000 inhabitants. I enjoy turning incomplete records into reliable models, and I "
        "have brought four projects to completion below the estimated cost."
    ),
    h1("Experience"),
    h2("Senior engineer, Brackwater Consulting"),
    p("May 2019 to today, Saltney Bay", style="when"),
    ul(
        "Designed the storm-water storage for Saltney Bay (14,200 m³, £9.6 million), finished in 2023",
        "Introduced a joint database for 1,900 km of sewers; search times fell from hours to seconds",
        "Supervised two graduates on their way to chartered status",
    ),
    h2("Project engineer, Tidewell & Partners"),
    p("September 2015 to April 2019, Kingsferry", style="when"),
    ul(
        "Modelled flood risk for 63 catchments and presented the results at public meetings",
        "Prepared tenders worth £22 million altogether",
    ),
    h2("Graduate engineer, Kingsferry Borough"),
    p("August 2013 to August 2015, Kingsferry", style="when"),
    ul("Inspected culverts and pumping stations", "Digitised 2,400 paper plans from 1890 to 1985"),
    h1("Education"),
    table(
        """
        | Years | Degree | Institution |
        | 2012–2013 | MSc, Water Engineering (distinction) | University of Northmoor |
        | 2009–2012 | BEng, Civil Engineering (2:1) | Kingsferry Polytechnic |
        """
    ),
    h1("Publications"),
    p(
        "“Missing manholes: how complete are municipal sewer maps?”, *Drainage Review* 31 (2022), pp. 14–27; "
        "“A rain gauge on every roof”, *Proceedings of the Saltney Water Days*, 2020."
    ),
]

SLIDES_DE = [
    title("Radverkehr in der Innenstadt", at=0),
    p("Zwischenbericht für den Verkehrsausschuss, 12. Juni 2024", at=0),
    h1("Was wir gezählt haben", at=1),
    ul(
        "Sechs automatische Zählstellen, rund um die Uhr",
        "Handzählung an zwei Tagen im April und im September",
        "Befragung von 1.312 Radfahrenden",
        ("Unfallauswertung der Jahre 2019 bis 2023", ["Quelle: Polizeidirektion", "nur Unfälle mit Personenschaden"]),
        at=1,
    ),
    h1("Mehr Räder, vor allem im Sommer", at=2),
    ul("Zuwachs um 14 % gegenüber 2022", "Höchstwert: 8.260 Räder am 21. Juni", "Regentage: minus 46 %", at=2),
    image("months", 130, 85, at=2),
    caption("Räder je Monat an allen Zählstellen, in Tausend", at=2),
    h1("Unfälle nach Ort", at=3),
    table(
        """
        | Ort | 2021 | 2022 | 2023 |
        | Kreuzungen mit Ampel | 31 | 27 | 22 |
        | Kreuzungen ohne Ampel | 18 | 21 | 19 |
        | Grundstückszufahrten | 12 | 14 | 17 |
        | Freie Strecke | 9 | 8 | 11 |
        """,
        at=3,
        right=(1, 2, 3),
    ),
    p("An Zufahrten fehlt es vor allem an freier Sicht: 13 der 17 Unfälle geschahen neben parkenden Autos.", at=3),
    h1("Vorschläge der Verwaltung", at=4),
    ol(
        "Parkverbot auf je acht Metern vor und nach 40 Zufahrten",
        "Getrennte Grünphasen am Bahnhofsplatz",
        "Winterdienst auf der Nord-Süd-Achse bis 7 Uhr",
        "Neue Zählstelle an der Auenbrücke",
        at=4,
    ),
]

ARTICLE_ZH = [
    title("老码头变身记：一座废弃粮仓的新生活"),
    p("2024年10月12日　来源：江岸生活网　阅读约需六分钟", style="meta"),
    p(
        "清晨六点，雾还没有散，七号码头的面包房已经飘出香味。三年前，这里还是一片杂草丛生的空地，只有两座高三十二米的"
        "圆形粮仓孤零零地立在江边。如今，粮仓里有图书馆、小剧场和三十多家店铺，周末平均每天接待游客九千余人。"
    ),
    image("hills:41", 160, 62),
    caption("从江面上看改造后的七号码头（本网资料图片）"),
    h1("从粮仓到图书馆"),
    p(
        "粮仓建于1958年，最多可以储存一万两千吨稻谷。1994年铁路改线以后，这里逐渐废弃。曾有开发商提出拆除粮仓、建造高层"
        "住宅，但遭到附近居民反对。2019年，市里决定保留全部主体结构，并向社会征集改造方案，共收到方案一百四十六个。"
    ),
    p(
        "最终入选的方案只在筒壁上开了四十八个圆窗，其余墙面保持原样。设计团队负责人介绍说，混凝土墙厚达二十二厘米，冬暖"
        "夏凉，图书馆全年用电量比同等规模的建筑低百分之三十五。"
    ),
    h1("数字看变化"),
    p("下面这张表比较了改造前后的主要指标："),
    table(
        """
        | 项目 | 2019年 | 2022年 | 2024年 |
        | 绿地面积（平方米） | 300 | 8600 | 12400 |
        | 店铺数量 | 0 | 14 | 33 |
        | 就业人数 | 6 | 210 | 487 |
        | 公交线路 | 1 | 3 | 5 |
        """
    ),
    h1("居民怎么说"),
    p(
        "“以前晚上不敢往这边走，现在孙子天天吵着要来。”住在码头对面的一位退休教师说。不过，她也提到，节假日停车困难，有些"
        "店铺的价格偏高，老街坊们更希望多几张不收费的长椅。"
    ),
    p("针对这些意见，管理方表示将在年底前采取以下措施："),
    ul(
        "在北侧增设一百六十个停车位，前两小时免费；",
        "新增长椅六十张、饮水点八处；",
        "每周二为社区开放日，小剧场上午免费提供场地；",
        "延长图书馆开放时间至晚上九点半。",
    ),
    h1("下一步"),
    p(
        "第二期工程预计2025年春天动工，内容包括修复长约四百米的旧铁轨，并开通一条往返于码头和火车站之间的观光小火车。"
        "更多信息可以在[项目网站](https://example.org/matou)查询，也可以拨打服务热线0571-0000 7716。"
    ),
]

DOCUMENTS = [
    Document("browser-invoice-unruled", "browser", "invoice", "invoice", "en", INVOICE),
    Document("browser-form-boxed-de", "browser", "form", "form", "de", FORM_DE),
    Document("browser-magazine-two-column", "browser", "magazine", "magazine", "en", MAGAZINE),
    Document("browser-recipe", "browser", "recipe", "recipe", "en", RECIPE),
    Document("browser-data-sheet", "browser", "datasheet", "data sheet", "en", DATASHEET),
    Document("browser-price-list-de", "browser", "pricelist", "price list", "de", PRICES_DE),
    Document("browser-news-zh", "browser", "news", "article", "zh", ARTICLE_ZH),
    Document("browser-web-article", "browser", "article", "article", "en", WEB_ARTICLE),
    Document("browser-cv", "browser", "cv", "cv", "en", CV),
    Document("browser-slides-de", "browser", "slides", "slides", "de", SLIDES_DE,
             {"footer": "Verkehrsausschuss · Juni 2024"}),
]  # fmt: skip
