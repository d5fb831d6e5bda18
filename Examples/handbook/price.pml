<prompt schema="handbook">
  <didi-regos/>
  <taki-bragum/>
  <zefa-kutol/>
  <sabra-lude/>
  <norville/>
  <bonkru-labs/>
  <mitrir-foods/>
  <worbi/>
  <dripin/>
  <kelde-gala/>
  <kosa-regatta/>
  <fentro-hall/>
  <bekul-centre/>
  <trip/>

  Question: How much does the Dripin cost?
  Answer:
</prompt>
