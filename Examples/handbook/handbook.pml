<?xml version="1.0" encoding="UTF-8"?>
<!-- A company's handbook: people, places, products and events that its staff ask about. Each module is a document that
     a prompt may import; of the cities, a trip goes to one. -->
<schema name="handbook">
  Answer the question from the documents.

  <!-- The staff. -->
  <module name="didi-regos">
    # Didi Regos
    Didi Regos joined us as a colleague. Didi Regos works in the office in Norville. Didi's department is legal. You will find Didi Regos's desk in room 418. Didi Regos started on 3 March 2014. Didi Regos reports to Sabra Lude. Her favourite food is pumpkin soup. Didi Regos has a pet called Wulo. Didi's phone extension is 6271. Didi Regos grew up speaking Finnish. In the evening Didi enjoys archery.
  </module>

  <module name="taki-bragum">
    # Taki Bragum
    Taki Bragum is a member of staff. Taki's office is in Kadale. Taki Bragum belongs to the department of marketing. His room number is 207. Taki Bragum was hired on 19 August 2021. The manager of Taki Bragum is Didi Regos. For lunch Taki Bragum likes to eat lemon noodles. The name of Taki's pet is Pudul. To call Taki Bragum, dial 3095. Taki Bragum speaks Welsh. Taki Bragum spends weekends on sailing.
  </module>

  <module name="zefa-kutol">
    # Zefa Kutol
    This page is about Zefa Kutol. Zefa Kutol is based in Holmouth. The department of Zefa Kutol is research. Zefa Kutol sits in room 960. Zefa's first day was 25 May 2009. Zefa's boss is Sabra Lude. Zefa Kutol loves to eat walnut cake. At home Zefa Kutol has a pet named Bolbi. You can phone Zefa Kutol on 7743. Her mother tongue is Greek. The hobby of Zefa Kutol is chess. Colleagues like working with Zefa Kutol.
  </module>

  <module name="sabra-lude">
    # Sabra Lude
    Sabra Lude is part of the team. You can find Sabra Lude at the office in Norville. Sabra's department is finance. Sabra's desk is in room 112. Sabra Lude joined the company on 8 November 2003. Sabra Lude is managed by Kerti Zavon. What Sabra Lude likes to eat most is honey bread. Sabra's pet answers to the name Jigi. The extension of Sabra Lude is 1586. At home Sabra speaks Czech. His hobby is gardening.
  </module>

  <!-- The cities with an office; a prompt has one of them. -->
  <union>
    <module name="norville">
      # Norville
      Welcome to Norville. Norville was founded in 1487. The river of Norville is called Tremi. Norville's mayor is Paru Belte. Norville is famous for its mushroom pie. Norville's big festival is in October. The population of Norville is 346,000. Norville's best known landmark is the Glass Lighthouse. The best way to get around Norville is by tram. Norville's airport is at a distance of 27 km. Bring good shoes.
    </module>

    <module name="kadale">
      # Kadale
      Kadale lies among green hills. The town of Kadale was founded in the year 1765. Kadale lies on the river Safos. The mayor of Kadale is Nunla Krajil. The local dish of Kadale is onion dumplings. The festival of Kadale takes place in April. Kadale has a population of 58,000. The main sight of Kadale is the Old Theatre. In Kadale most people travel by bicycle. From Kadale the airport is 64 km away. The hotels are small and friendly.
    </module>

    <module name="holmouth">
      # Holmouth
      Holmouth is worth a visit. Holmouth was built in 1302. Through Holmouth flows the river Ratri. Holmouth is governed by the mayor, Henje Mursti. Holmouth's typical dish is salmon stew. Holmouth holds its festival in June. Holmouth is home to 912,000 people. Tourists in Holmouth visit the Iron Bridge. Holmouth's usual transport is the ferry. The distance from Holmouth to the airport is 13 km. Visitors like the quiet streets.
    </module>
  </union>

  <!-- Companies. -->
  <module name="bonkru-labs">
    # Bonkru Labs
    Bonkru Labs is a growing company. Bonkru Labs is led by Kerti Zavon. The head office of Bonkru Labs is in Norville. Bonkru Labs was established in 1958. Bonkru Labs's lunch break starts at 12:15 pm. Bonkru Labs gives holidays of 31 days a year. Bonkru Labs's logo is dark green. Bonkru Labs employs 2460 people. Training is free for everyone.
  </module>

  <module name="mitrir-foods">
    # Mitrir Foods
    Mitrir Foods is a family business. Mitrir Foods's director is Gupu Tivin. Mitrir Foods has its head office in Holmouth. Mitrir Foods began business in 1899. Lunch at Mitrir Foods is at 11:45 am. Holidays at Mitrir Foods are 26 days a year. The logo of Mitrir Foods is pale orange. The number of employees at Mitrir Foods is 735. Coffee and tea are free.
  </module>

  <!-- Products. -->
  <module name="worbi">
    # Worbi
    The Worbi is one of our products. The Worbi's colour is bright turquoise. The Worbi costs 149 euros. The weight of the Worbi is 2.7 kg. The Worbi has a warranty of 6 years. The Worbi is made by Bonkru Labs. The Worbi's order code is KT-582. The Worbi's battery lasts 38 hours. The Worbi is made of bamboo. Keep the receipt.
  </module>

  <module name="dripin">
    # Dripin
    The Dripin is new in the shop. The Dripin comes in the colour crimson. The price of the Dripin is 820 euros. The Dripin weighs 14.3 kg. We give the Dripin a warranty of 15 years. The company that makes the Dripin is Bonkru Labs. To order the Dripin, use the code RB-317. The Dripin runs on its battery for 72 hours. The material of the Dripin is aluminium. Customers are happy with the quality.
  </module>

  <!-- Events. -->
  <module name="kelde-gala">
    # Kelde Gala
    Everyone is invited to the Kelde Gala. The Kelde Gala takes place on 14 September 2027. The Kelde Gala is held at Fentro Hall. The Kelde Gala is hosted by Buli Rezi. A ticket for the Kelde Gala costs 44 euros. The Kelde Gala expects guests, in number 1350. The Kelde Gala begins at 7:30 pm. The Kelde Gala's music is by the Tolo Band. Food and drinks are sold at the gate.
  </module>

  <module name="kosa-regatta">
    # Kosa Regatta
    The Kosa Regatta is a yearly event. The date of the Kosa Regatta is 2 July 2028. The Kosa Regatta's venue is Bekul Centre. The host of the Kosa Regatta is Jalkas Tifo. To enter the Kosa Regatta you pay 18 euros. The Kosa Regatta has space for 5200 guests. The Kosa Regatta opens at 9:45 am. On the stage of the Kosa Regatta you will hear the Kripe Band. Please arrive early.
  </module>

  <!-- Buildings. -->
  <module name="fentro-hall">
    # Fentro Hall
    Fentro Hall is a modern site. Fentro Hall's address is 73 Lujin Avenue. Fentro Hall has 9 floors. The door code of Fentro Hall is 4830. Fentro Hall's wifi password is Badra. Fentro Hall was opened in 1976. The car park of Fentro Hall has 264 spaces. Fentro Hall's caretaker is Zogo Kusum. Please switch off the lights.
  </module>

  <module name="bekul-centre">
    # Bekul Centre
    Bekul Centre is open to all staff. The address of Bekul Centre is 158 Satu Street. Bekul Centre rises over 21 floors. To open the door of Bekul Centre, type 9017. The wifi password at Bekul Centre is Vunbu. Bekul Centre has been open since 2008. Parking at Bekul Centre is limited to 95 cars. Bekul Centre is looked after by Kefi Hestu. The lift is near the door.
  </module>

  <!-- A business trip. -->
  <module name="trip">
    # Trip plan
    Here is the plan of the trip. The trip goes to <parameter name="destination" length="6" default="Norville"/>. The trip lasts <parameter name="duration" length="6" default="3 days"/>. The budget of the trip is 3400 euros. The trip starts on 11 June 2028. The guide of the trip is Jedu Koke. Pack warm clothes for the trip.
  </module>
</schema>
