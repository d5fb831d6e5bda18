<prompt schema="code">
  <boat.py/>
  <weather.py/>
  <harbour.py/>
  <user>Which exception does Harbour.leave raise if there is a gale?</user>
</prompt>
