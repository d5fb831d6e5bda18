<prompt schema="handbook">
  <didi-regos/>
  <taki-bragum/>
  <zefa-kutol/>
  <sabra-lude/>
  <kadale/>
  <bonkru-labs/>
  <mitrir-foods/>
  <worbi/>
  <dripin/>
  <kelde-gala/>
  <kosa-regatta/>
  <fentro-hall/>
  <bekul-centre/>
  <trip destination="Kadale" duration="12 days"/>

  Question: How long does the trip last?
  Answer:
</prompt>
