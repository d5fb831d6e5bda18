<prompt schema="bicycle">
  <tyres/>
  <chain/>
  <brakes/>
  <gears/>
  <bolts/>
  <storage/>
  <user>How many kilometres does a chain last?</user>
</prompt>
