<prompt schema="journey">
  <lakes/>
  <wishes days="5 days" month="July"/>
  <user>On which day should we be in Mirla, and why?</user>
</prompt>
