<prompt schema="journey">
  <coast/>
  <wishes days="4 days" month="June" travellers="two adults and a child of nine"/>
  <user>Can we see the birds nest, and how long does the train from Senna take?</user>
</prompt>
