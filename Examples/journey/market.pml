<prompt schema="journey">
  <lakes/>
  <wishes days="5 days" month="July"/>
  <user>On which day is the market of Mirla?</user>
</prompt>
