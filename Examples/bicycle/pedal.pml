<prompt schema="bicycle">
  <tyres/>
  <chain/>
  <brakes/>
  <gears/>
  <bolts/>
  <storage/>
  <user>Which way is the left pedal loosened?</user>
</prompt>
