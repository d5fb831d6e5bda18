<prompt schema="bicycle">
  <tyres/>
  <chain/>
  <brakes/>
  <gears/>
  <bolts/>
  <storage/>
  <user>At what temperature is the battery stored?</user>
</prompt>
