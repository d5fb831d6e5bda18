<prompt schema="reading">
  <adult/>
  <technology/>
  <calm/>
  <user>Which book do you recommend?</user>
</prompt>
