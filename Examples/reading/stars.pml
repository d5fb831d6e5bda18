<prompt schema="reading">
  <student/>
  <science/>
  <short/>
  <user>Which book do you recommend?</user>
</prompt>
