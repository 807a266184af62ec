"""Documents for LibreOffice."""

from benchmarks.quality.content.model import Document, caption, h1, h2, h3, image, kv, ol, p, table, title, ul

LETTER_DE = [
    p("Wasserverband Obere Lumme", style="Plain"),
    p("Talsperrenweg 40", style="Plain"),
    p("57399 Kirchhundem", style="Text_20_body"),
    p("An die Eigentümergemeinschaft", style="Plain"),
    p("Hangstraße 12 bis 18", style="Plain"),
    p("57368 Lennestadt", style="Text_20_body"),
    p("Kirchhundem, 6. Mai 2024", style="Right"),
    kv("Unser Zeichen:", "WOL-24/0593"),
    kv("Ihr Schreiben vom:", "22. April 2024"),
    kv("Auskunft erteilt:", "Abteilung Netze, Zimmer 214"),
    title("Austausch der Hauptleitung in der Hangstraße"),
    p("Sehr geehrte Damen und Herren,"),
    p(
        "vielen Dank für Ihr Schreiben, in dem Sie nach dem Ablauf der Bauarbeiten fragen. Die Hauptleitung unter der "
        "Hangstraße stammt aus dem Jahr 1958 und besteht aus Grauguss. In den vergangenen drei Wintern kam es "
        "zu insgesamt elf Rohrbrüchen, bei denen rund 4.800 m³ Trinkwasser verloren gingen. Eine Reparatur einzelner "
        "Abschnitte ist nicht länger wirtschaftlich."
    ),
    p(
        "Wir werden die Leitung deshalb zwischen dem 10. Juni und dem 26. Juli 2024 auf einer Länge von 640 Metern "
        "durch Rohre aus duktilem Gusseisen ersetzen. Die Arbeiten gliedern sich in vier Abschnitte:"
    ),
    ol(
        "Einrichten der Baustelle und Verlegen einer oberirdischen Notversorgung (10. bis 14. Juni),",
        "Aushub und Austausch zwischen Hausnummer 2 und Hausnummer 10 (17. Juni bis 3. Juli),",
        "Aushub und Austausch zwischen Hausnummer 12 und der Einmündung Birkenweg (4. bis 19. Juli),",
        "Druckprüfung, Desinfektion und Wiederherstellung der Fahrbahn (22. bis 26. Juli).",
    ),
    p(
        "Während der Arbeiten bleibt die Wasserversorgung bis auf zwei angekündigte Unterbrechungen von jeweils "
        "höchstens vier Stunden bestehen. Die genauen Termine teilen wir Ihnen spätestens fünf Werktage vorher durch "
        "Aushang mit. Die Zufahrt zu Ihren Garagen ist in der Zeit vom 4. bis zum 19. Juli nur vor 7 Uhr und nach "
        "17 Uhr möglich."
    ),
    p(
        "Kosten entstehen Ihnen nicht, soweit die Hausanschlüsse auf öffentlichem Grund liegen. Falls Sie bei dieser "
        "Gelegenheit auch den Anschluss auf Ihrem Grundstück erneuern möchten, unterbreiten wir Ihnen gern ein "
        "Angebot; erfahrungsgemäß liegt der Preis zwischen 1.900 und 2.600 Euro je Anschluss."
    ),
    p("Mit freundlichen Grüßen"),
    p("Wasserverband Obere Lumme, Abteilung Netze"),
    p("Anlagen: Lageplan 1 : 500, Merkblatt „Bauen vor der Haustür“", style="Small"),
]

REPORT = [
    title("Night Buses in the Tarn Valley: Evaluation of the Trial Year"),
    p("Prepared for the Joint Transport Committee, 30 November 2024", style="Lead"),
    h1("1 Summary"),
    p(
        "Between September 2023 and August 2024 three night bus lines connected the towns of the upper Tarn valley "
        "with the railway station at Cullerby. This report evaluates ridership, costs and the opinions of residents. "
        "On the whole the trial has been a success: the lines carried 58,214 passengers, 17 % more than expected, "
        "while the deficit stayed within the agreed limit of £210,000."
    ),
    p("Our main recommendations are:"),
    ul(
        "continue lines N1 and N3 without changes until the end of 2026;",
        (
            "replace line N2 by a dial-a-ride service with two vehicles,",
            [
                "bookable until 45 minutes before departure,",
                "at the same fare as the bus;",
            ],
        ),
        "introduce a joint ticket with the railway as early as possible.",
    ),
    h1("2 How the trial was run"),
    h2("2.1 Lines and timetable"),
    p(
        "All three lines ran every hour from 9.30 p.m. to 2.30 a.m., on Fridays and Saturdays until 4.30 a.m. The "
        "connection with the last trains was guaranteed: drivers waited for up to twelve minutes.^[The rule was "
        "applied on 143 nights; the average waiting time was 6.4 minutes.] Table 1 shows the length of the lines and "
        "the vehicles used on them."
    ),
    table(
        """
        | Line | Route | Length (km) | Stops | Vehicle | Trips a week |
        | N1 | Cullerby – Hexley – Tarnhead | 23.4 | 31 | low-floor bus, 34 seats | 46 |
        | N2 | Cullerby – Sallow – Broom Moor | 31.8 | 27 | minibus, 16 seats | 46 |
        | N3 | Cullerby – Old Weir – Stanmere | 14.1 | 22 | low-floor bus, 34 seats | 58 |
        """,
        widths=[14, 48, 22, 16, 40, 22],
        right=(2, 3, 5),
    ),
    caption("Table 1: The three night bus lines"),
    h2("2.2 Counting"),
    p(
        "Passengers were counted automatically by sensors at the doors. Once a month staff of the committee counted by "
        "hand on all trips of one night; the difference never exceeded 3 %. In addition, 1,906 passengers answered a "
        "questionnaire, either on paper or on line."
    ),
    h3("2.2.1 Missing data"),
    p(
        "On nineteen nights in January and February the sensors of one vehicle failed. The gaps were filled with the "
        "average of the same weekday in the two weeks before and after. Without this correction the yearly total "
        "would be lower by 611 passengers."
    ),
    h1("3 Results"),
    h2("3.1 Ridership"),
    p(
        "Ridership grew steadily until May and fell in the summer holidays, as Figure 1 shows. More than half of all "
        "passengers, 53 %, travelled on Friday or Saturday night. Line N3 was the busiest; on eleven Saturdays people "
        "had to be left behind at Cullerby station because the bus was full."
    ),
    image("months", 150, 58),
    caption("Figure 1: Passengers by month in hundreds, September 2023 to August 2024"),
    p(
        "On line N2, by contrast, the buses were nearly empty after midnight. An average of 2.3 passengers travelled "
        "on each trip, and on 31 % of the trips there was nobody at all.^[Trips on New Year's Eve, when travel was "
        "free, are not included.] The settlements on Broom Moor are scattered, and most stops lie more than 600 "
        "metres from the houses."
    ),
    h2("3.2 Costs"),
    p(
        "The total cost amounted to £318,400, of which £112,900 was covered by fares. Wages account for nearly two "
        "thirds. Diesel was cheaper than planned, whereas the repair of two gearboxes cost an additional £9,750."
    ),
    table(
        """
        | Item | Planned (£) | Actual (£) | Difference |
        | Drivers and supervision | 201,000 | 204,600 | +1.8 % |
        | Fuel | 61,500 | 54,350 | −11.6 % |
        | Maintenance | 27,000 | 36,750 | +36.1 % |
        | Publicity and questionnaires | 18,000 | 22,700 | +26.1 % |
        | Total | 307,500 | 318,400 | +3.5 % |
        """,
        widths=[62, 33, 33, 33],
        right=(1, 2, 3),
    ),
    caption("Table 2: Planned and actual costs of the trial year"),
    h2("3.3 Opinions"),
    p(
        "Four fifths of those asked were satisfied or very satisfied. Praise went above all to the guaranteed "
        "connections and to the drivers; criticism concerned unlit stops, missing shelters, and the price of a single "
        "ticket. Among passengers under 25 years of age, 44 % said that they would otherwise have asked their parents "
        "for a lift."
    ),
    h1("4 Recommendations"),
    ol(
        "Lines N1 and N3 should become permanent. The additional expenditure of £143,000 a year is justified by the "
        "growth that is still to be expected.",
        "Line N2 should be given up at the end of March. For the same money a dial-a-ride service could reach all "
        "hamlets on Broom Moor.",
        "Lighting should be installed at nine stops, beginning with those at Hexley mill and Old Weir.",
        "A second evaluation should follow in autumn 2026.",
    ),
]

FORM = [
    title("Application for a Market Stall"),
    p("Please complete in block letters and return to the market office at least 21 days before the first market day."),
    h1("Part A: Applicant"),
    kv("Surname", "Bellweather", columns=2),
    kv("First name", "Ottoline", columns=2),
    kv("Date of birth", "17/09/1983", columns=2),
    kv("Telephone", "01632 960 417", columns=2),
    kv("Trading name", "Bellweather & Daughter, Preserves"),
    kv("Address", "3 Cooper's Row, Little Marling, LM2 8TA"),
    kv("E-mail", "stall@bellweather.example"),
    h1("Part B: Stall"),
    kv("Goods offered", "Jams, chutneys, pickled vegetables in glass jars"),
    kv("Pitch width", "4.5 m", columns=2),
    kv("Electricity", "230 V, 10 A", columns=2),
    kv("First day", "5 April 2025", columns=2),
    kv("Last day", "25 October 2025", columns=2),
    kv("Vehicle", "White van, registration LM14 XPQ, remains behind the stall"),
    h1("Part C: Enclosures"),
    ul(
        "Proof of public liability insurance over at least £5 million",
        "Food hygiene certificate, not older than two years",
        "Photograph or sketch of the stall with measurements",
    ),
    h1("Part D: Declaration"),
    p(
        "I have read the market regulations of 12 February 2019 and accept them. I understand that the pitch fee of "
        "£3.20 per metre and day is due in advance, that it is not refunded in bad weather, and that the pitch must be "
        "occupied by 7.30 a.m. and left clean by 3.00 p.m."
    ),
    kv("Place and date", "Little Marling, 24 February 2025"),
    kv("Signature", "O. Bellweather"),
]

LANDSCAPE = [
    title("Duty and Vehicle Plan, Depot Norwell, Week 18"),
    p(
        "Valid from Monday, 29 April, to Sunday, 5 May 2024. Changes after Thursday noon need the depot manager's "
        "consent."
    ),
    table(
        """
        | Shift | Vehicle | Early turn | | Late turn | | Remarks |
        | | | Start | End | Start | End | |
        | A | Gritter 4\\(AB 217) | 5.10 | 13.22 | 13.15 | 21.27 | Tyres to be checked on Tuesday |
        | | Sweeper 2 | 5.40 | 13.52 | – | – | Only Mon, Wed, Fri |
        | B | Tipper 7 | 6.00 | 14.12 | 14.00 | 22.12 | Trailer stays in Hall 3 |
        | | Tipper 9 | 6.00 | 14.12 | – | – | Reserve |
        | C | Sewer flusher\\with pump unit | 7.15 | 15.27 | – | – | Crew of two; road closure\\at Mill Lane, 9 to 11 |
        | Stand-by | Van 1 | 21.30 to 5.00 | | | | Telephone 4417 |
        """,
        widths=[22, 38, 24, 24, 24, 24, 90],
        header=2,
        spans={
            (0, 0): (2, 1),
            (0, 1): (2, 1),
            (0, 2): (1, 2),
            (0, 4): (1, 2),
            (0, 6): (2, 1),
            (2, 0): (2, 1),
            (4, 0): (2, 1),
            (7, 2): (1, 4),
        },
    ),
    h1("Fuel and stores"),
    table(
        """
        | Item | Stock on 26 April | Expected use | To be ordered | Supplier |
        | Diesel (litres) | 11,400 | 6,250 | – | Carrow Fuels |
        | Road salt (tonnes) | 86.5 | 0 | 40 | Saltings Ltd. |
        | Brushes for sweeper | 3 | 4 | 6 | Norwell Brushworks |
        | Hydraulic oil (litres) | 118 | 35 | 60 | Carrow Fuels |
        """,
        widths=[56, 48, 42, 42, 58],
        right=(1, 2, 3),
    ),
    p(
        "Drawn up by the duty office, 25 April 2024. Copies to both foremen, the workshop and the notice board.",
        style="Small",
    ),
]

NEWSLETTER = [
    title("The Hedgerow", at="head"),
    p("News from the Allerby Wildlife Group · No. 47 · Spring 2025", at="head", style="Centre"),
    h1("Toads on the move", at="first"),
    p(
        "On the first mild and rainy evening of the year, 11 March, our volunteers carried 263 toads across Pond Lane. "
        "By the end of the month the total had reached 1,918, the best result since we began to count in 2009.",
        at="first",
    ),
    p(
        "The council's new amphibian fence, 340 metres long, proved a great help: instead of searching the road by "
        "torchlight, we only had to empty fourteen buckets. One of them contained, besides nine toads, a rather "
        "offended hedgehog.",
        at="first",
    ),
    image("hills:21", 50, 34, at="first"),
    caption("Pond Lane at dusk, with the fence on the left.", at="first"),
    p(
        "Not everything went well. On 19 March somebody left the gate by the allotments open, and forty-one animals "
        "were run over in a single hour. A sign has now been put up, and the gate closes by itself.",
        at="first",
    ),
    h1("Swift boxes", at="first"),
    p(
        "Thirty-two boxes are ready to be put up on St. Bride's, the library and the school. If you have a house with "
        "eaves more than five metres above the ground and would like to offer room to a pair, please get in touch "
        "before 20 April, when the birds return.",
        at="first",
    ),
    p(
        "A box costs £28 including fitting. Last year swifts moved into six out of nineteen boxes, which is a good "
        "rate for the first season.",
        at="first",
    ),
    h1("A meadow instead of a lawn: the first three years", at="head2", style="wide"),
    h2("What we did", at="second"),
    p(
        "In autumn 2022 the parish let us have half an acre behind the village hall. The turf was stripped to a depth "
        "of eight centimetres, and seed from Allerby Common was sown by hand, three grams per square metre.",
        at="second",
    ),
    p(
        "Since then the meadow has been cut twice a year, at the end of June and in September. The hay is taken away, "
        "because rich soil favours grass over flowers.",
        at="second",
    ),
    h2("What came up", at="second"),
    ul(
        "2023: mostly annuals such as poppy and cornflower, and far too much dock",
        "2024: ox-eye daisy, knapweed, yellow rattle, 31 species in all",
        "2025: first cowslips, and one bee orchid",
        at="second",
    ),
    image("still:5", 50, 32, at="second"),
    caption("Seed sorted by size before sowing.", at="second"),
    h2("What it cost", at="second"),
    p(
        "The seed was free; hiring the turf cutter cost £185, and the scythes were lent by a member. For the sign with "
        "the names of the plants we paid £96. Compared with fortnightly mowing, the parish saves some £410 a year.",
        at="second",
    ),
    p(
        "Visitors are welcome at any time. Please keep to the mown path, keep dogs on the lead, and do not pick the "
        "flowers. Guided walks take place on 11 May and 15 June at 10 a.m.",
        at="second",
    ),
    h2("What comes next", at="second"),
    p(
        "Along the northern edge a hedge of hazel, dogwood and wild rose will be planted in November, 75 metres in "
        "all. We are looking for helpers who can hold a spade for two hours; cake is guaranteed.",
        at="second",
    ),
    p(
        "The school has asked for a small pond. Since the ground there is sandy, it will need a liner of clay, about "
        "nine cubic metres. If you know of a building site with clay to give away, please tell us.",
        at="second",
    ),
    p(
        "The group meets on the second Tuesday of each month at 7.30 p.m. in the reading room. New members pay nothing "
        "in their first year.",
        at="second",
    ),
]

MINUTES_DE = [
    title("Protokoll der Vorstandssitzung"),
    kv("Verein:", "Kulturscheune Obersteinach e. V."),
    kv("Datum:", "Donnerstag, 18. April 2024, 19.30 bis 21.45 Uhr"),
    kv("Ort:", "Vereinsheim, kleiner Saal"),
    kv("Anwesend:", "sieben von neun Vorstandsmitgliedern, zwei Gäste"),
    kv("Protokoll:", "Schriftführerin"),
    h1("TOP 1 Begrüßung und Genehmigung der Tagesordnung"),
    p(
        "Die Vorsitzende eröffnet die Sitzung um 19.34 Uhr und stellt die Beschlussfähigkeit fest. Die Tagesordnung "
        "wird um den Punkt „Heizung“ ergänzt und einstimmig genehmigt. Zum Protokoll vom 21. März gibt es keine "
        "Einwände."
    ),
    h1("TOP 2 Kassenbericht"),
    p(
        "Der Kassenwart berichtet über das erste Quartal. Den Einnahmen von 12.480,35 Euro stehen Ausgaben von "
        "9.916,70 Euro gegenüber. Offen sind noch 23 Mitgliedsbeiträge; die Säumigen werden bis Ende Mai "
        "angeschrieben."
    ),
    table(
        """
        | Posten | Einnahmen | Ausgaben |
        | Mitgliedsbeiträge | 4.260,00 € | – |
        | Veranstaltungen | 6.870,35 € | 4.102,20 € |
        | Miete und Energie | – | 3.944,50 € |
        | Zuschuss der Gemeinde | 1.350,00 € | – |
        | Technik | – | 1.870,00 € |
        """,
        widths=[70, 40, 40],
        right=(1, 2),
    ),
    h1("TOP 3 Sommerprogramm"),
    p("Nach längerer Aussprache beschließt der Vorstand mit sechs Stimmen bei einer Enthaltung folgende Termine:"),
    ul(
        "15. Juni: Freiluftkino auf der Obstwiese (bei Regen in der Scheune)",
        (
            "6. und 7. Juli: Scheunenfest mit Handwerkermarkt",
            [
                "Aufbau am Freitag ab 15 Uhr, mindestens zwölf Helfer",
                "Kuchenspenden koordiniert die Jugendgruppe",
            ],
        ),
        "24. August: Kammerkonzert mit Werken für Bläserquintett",
        "14. September: Lesung mit anschließender Diskussion",
    ),
    h1("TOP 4 Heizung"),
    p(
        "Der Brenner ist 27 Jahre alt und hat die letzte Abgasmessung nur knapp bestanden. Es liegen drei Angebote "
        "vor, die sich zwischen 31.200 und 44.750 Euro bewegen. Vor einer Entscheidung soll geklärt werden, ob sich "
        "die Scheune an das geplante Nahwärmenetz anschließen lässt."
    ),
    p("**Beschluss:** Die Entscheidung wird auf die Sitzung im Juni vertagt (einstimmig)."),
    h1("TOP 5 Aufgaben"),
    ol(
        "Anfrage bei den Gemeindewerken wegen Nahwärme, bis 10. Mai",
        "Anmeldung des Scheunenfestes beim Ordnungsamt, bis 24. Mai",
        "Neue Leinwand für das Freiluftkino besorgen, Höchstpreis 450 Euro",
        "Versicherungsschutz der Helfer prüfen",
    ),
    p("Nächste Sitzung: 16. Mai 2024, 19.30 Uhr. Die Vorsitzende schließt die Sitzung um 21.45 Uhr."),
]

NOTICE_ZH = [
    title("关于小区供水管道改造的通知"),
    p("各位业主、住户："),
    p(
        "阳光花园小区的供水管道建于1996年，使用至今已近三十年。近两年来，管道漏水事故共发生十七次，给居民生活带来不便，"
        "也造成大量水资源浪费。经业主大会表决通过，并报区住房保障中心批准，决定对小区供水管道进行全面改造。现将有关"
        "事项通知如下："
    ),
    h1("一、改造范围"),
    p(
        "本次改造包括一号楼至十四号楼的楼外主管道、楼内立管以及水表，总长度约4200米。户内管道由业主自行决定是否更换，"
        "如需更换，可向施工单位登记，费用由业主承担。"
    ),
    h1("二、施工时间"),
    p("工程自2025年3月10日开始，预计5月31日结束，分三个阶段进行，具体安排见下表："),
    table(
        """
        | 阶段 | 楼号 | 开工日期 | 完工日期 | 停水时间 |
        | 第一阶段 | 1至5号楼 | 3月10日 | 4月2日 | 每日9时至16时 |
        | 第二阶段 | 6至10号楼 | 4月7日 | 4月29日 | 每日9时至16时 |
        | 第三阶段 | 11至14号楼 | 5月6日 | 5月31日 | 每日9时至15时 |
        """,
        widths=[28, 32, 30, 30, 40],
    ),
    h1("三、注意事项"),
    ol(
        "停水期间请关好水龙头，外出前务必再次检查，以免来水后发生漏水。",
        "施工人员入户时会出示工作证，请核对姓名和编号后再开门。",
        "请及时清理楼道和管道井内的杂物，三月八日以后仍未清理的，由物业公司统一处理。",
        "更换水表时双方须共同确认读数并签字，旧表读数作为结算依据。",
    ),
    h1("四、费用"),
    p(
        "公共部分的改造费用共计186万元，其中政府补贴百分之六十，其余从住宅专项维修资金中列支，不再向住户另行收取。资金"
        "使用情况将于工程结束后三十日内在公告栏和业主微信群公布。"
    ),
    kv("联系电话：", "0571-0000 2618"),
    kv("办公地点：", "三号楼一层物业服务中心"),
    kv("接待时间：", "周一至周六上午8时30分至下午5时"),
    p("阳光花园业主委员会", style="Right"),
    p("2025年2月20日", style="Right"),
]

SLIDES = [
    title("Winter Service 2024/25", at=0),
    p("Review and outlook for the town council", at=0, style="Lead"),
    p("Highways Department, 12 May 2025", at=0),
    h1("The season in figures", at=1),
    ul(
        "57 nights below freezing, nine more than the year before",
        "First use of gritters on 6 November, last on 11 April",
        ("1,240 tonnes of salt spread", ["of which 410 tonnes as brine", "stock in May: 380 tonnes"]),
        "Complaints down from 214 to 131",
        at=1,
    ),
    h1("Costs by type of road", at=2),
    table(
        """
        | Type of road | Length (km) | Runs | Cost (£) |
        | Main roads | 84 | 61 | 148,300 |
        | Bus routes | 132 | 48 | 121,750 |
        | Side streets | 297 | 12 | 64,900 |
        | Cycle paths | 41 | 55 | 38,200 |
        """,
        at=2,
        widths=[70, 45, 35, 45],
        right=(1, 2, 3),
    ),
    h1("A new depot in the north", at=3),
    ul(
        "Saves 26 km of empty runs on every trip",
        "Salt store for 900 tonnes",
        "Ready in October 2026 if the council agrees",
        at=3,
    ),
    image("hills:33", 105, 78, at=3),
    h1("Proposals", at=4),
    ol(
        "Replace two gritters from 2009",
        "Extend brine spreading to all cycle paths",
        "Publish the gritting map on the town's website",
        at=4,
    ),
]

DOCUMENTS = [
    Document("office-letter-de", "office", "flow", "letter", "de", LETTER_DE,
             {"font": "Liberation Sans", "title_size": "12pt", "size": 10.5, "align": "start", "margin": 25}),
    Document("office-report", "office", "flow", "report", "en", REPORT,
             {"numbered": True, "align": "justify", "header": "Night Buses in the Tarn Valley",
              "footer": "Joint Transport Committee · page {page} of {pages}"}),
    Document("office-form-boxed", "office", "form", "form", "en", FORM, {"font": "Liberation Sans", "size": 10.5}),
    Document("office-landscape-merged-cells", "office", "flow", "plan", "en", LANDSCAPE,
             {"font": "Liberation Sans", "size": 10.5, "page": (297, 210), "title_size": "16pt",
              "footer": "Depot Norwell · sheet {page}"}),
    Document("office-newsletter-three-column", "office", "newsletter", "newsletter", "en", NEWSLETTER,
             {"align": "justify", "size": 10, "title_size": "36pt", "title_align": "center", "margin": 20,
              "footer": "The Hedgerow No. 47 – page {page}"}),
    Document("office-minutes-de", "office", "flow", "minutes", "de", MINUTES_DE,
             {"font": "Noto Sans", "tab": "32mm", "header": "Kulturscheune Obersteinach e. V.",
              "footer": "Seite {page} von {pages}"}),
    Document("office-notice-zh", "office", "flow", "notice", "zh", NOTICE_ZH,
             {"font": "Noto Serif CJK SC", "title_align": "center", "heading_font": "Noto Sans CJK SC",
              "asian": "Noto Serif CJK SC", "tab": "28mm"}),
    Document("office-slides", "office", "slides", "slides", "en", SLIDES, {"footer": "Highways Department"}),
]  # fmt: skip
