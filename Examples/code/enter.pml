<prompt schema="code">
  <boat.py/>
  <weather.py/>
  <harbour.py/>
  <race.py/>
  <user>What must be true of a boat so that it may enter a race?</user>
</prompt>
