"""Syllables, endings and ordinary words of which names and values are made."""

ONSETS = "b d f g h j k l m n p r s t v w z br dr kr st tr".split()
VOWELS = "a e i o u".split()
CODAS = "n r l s m".split()                              # at the end of a word
INNER = "n r l".split()                                  # inside it
PLACE_ENDS = "ford ville mora burg holm stad ton wick port dale mouth field".split()
FIRM_ENDS = "Labs Works Foods Group Systems Partners Motors Textiles".split()
EVENT_ENDS = "Festival Fair Gala Summit Market Concert Regatta Parade".split()
BUILDING_ENDS = "House Tower Hall Court Building Centre".split()
STREET_ENDS = "Lane Street Road Avenue Square".split()
MONTHS = ("January February March April May June July August September October "
          "November December").split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
COLOURS = ("red blue green yellow purple orange black white grey brown pink silver gold "
           "turquoise crimson ivory violet teal").split()
SHADES = ["dark", "light", "pale", "bright"]
FOOD_A = ("lentil plum pepper mushroom walnut lemon garlic barley pumpkin cherry onion "
          "salmon cheese apple spinach honey bean potato").split()
FOOD_B = "soup cake stew pie salad dumplings pancakes curry bread tart noodles pudding".split()
MATERIALS = ("steel oak bamboo leather glass copper cotton wool aluminium rubber granite "
             "ceramic linen cork").split()
LANGUAGES = ("French Spanish Arabic Hindi Swahili Korean Polish Dutch Greek Turkish "
             "Japanese Welsh Finnish Czech").split()
DEPARTMENTS = ("sales finance design research legal marketing logistics security training "
               "support catering engineering").split()
HOBBIES = ("chess pottery sailing gardening archery knitting climbing fencing painting "
           "karate juggling astronomy").split()
TRANSPORT = "tram ferry bicycle bus metro train taxi boat cable car".split()[:-2] + ["cable car"]
JOBS = ("teacher nurse pilot baker lawyer plumber painter farmer dentist chemist tailor "
        "librarian").split()
LAND_A = "Old Glass Iron Stone Silent Golden Broken Winter Hidden Royal Northern Twin".split()
LAND_B = "Mill Bridge Tower Garden Library Theatre Lighthouse Temple Castle Museum".split()

ALL_WORDS = (COLOURS + FOOD_A + MATERIALS + LANGUAGES + DEPARTMENTS + HOBBIES + TRANSPORT + JOBS + MONTHS + DAYS
             + FOOD_B + [x.lower() for x in LAND_A + LAND_B])
