<prompt schema="reading">
  <student/>
  <science/>
  <short/>
  <user>Which of the books above should this reader borrow, and why?</user>
</prompt>
