<prompt schema="journey">
  <coast/>
  <wishes days="4 days" month="June" travellers="two adults and a child of nine"/>
  <user>When do the birds nest?</user>
</prompt>
