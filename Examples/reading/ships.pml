<prompt schema="reading">
  <adult/>
  <technology/>
  <calm/>
  <user>Which of the books above should this reader borrow, and why?</user>
</prompt>
