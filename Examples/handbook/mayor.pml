<prompt schema="handbook">
  <didi-regos/>
  <taki-bragum/>
  <zefa-kutol/>
  <sabra-lude/>
  <holmouth/>
  <bonkru-labs/>
  <mitrir-foods/>
  <worbi/>
  <dripin/>
  <kelde-gala/>
  <kosa-regatta/>
  <fentro-hall/>
  <bekul-centre/>
  <trip destination="Holmouth" duration="12 days"/>

  Question: Who is the mayor of Holmouth?
  Answer:
</prompt>
