<schema name="paper">
  <module name="city-info">
    <union>
      <module name="london">London is rainy.</module>
    </union>
  </module>
  <module name="trip-plan">
    Create a travel plan, lasting <param name="duration" len="3"/> in all.
    <module name="empty"/>
  </module>
</schema>
