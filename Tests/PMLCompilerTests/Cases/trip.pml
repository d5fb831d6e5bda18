<?xml version="1.0" encoding="UTF-8"?>
<!-- A schema with something of everything. -->
<schema name="trip">
  <system>
    You plan trips.
      Be brief, and mind the budget.
  </system>

  <module name="plan">
    Plan a trip of <parameter name="duration" length="8" scaffold="3 days"/> for
    <parameter name="people" length="4" default="2"/> people.
    <module name="costs" cache="false">Do not spend over <parameter name="limit" length="6" scaffold="100 euros"/> a day.</module>
  </module>

  <union scaffold="miami">
    <module name="miami">
      Miami: beaches,&#10;surf &amp; sun.
      <!-- More to come. -->
      <module name="beach">South Beach is <?editor soft-wrap?>crowded.</module>
    </module>
    <module name="東京" attention="isolated">
      東京: temples,
        gardens,
        noodles.
    </module>
  </union>

  <module name="notes" xml:space="preserve">  As
    they stand.  </module>
  <scaffold modules="plan miami/beach"/>
</schema>
