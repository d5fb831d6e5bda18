<prompt schema="trip" name="p">
  <notes/>
  Text between them.
  <plan durations="3 days">Plan <beach/><costs/><costs limit=""/></plan>
  <miami><beech/></miami> <東京 x="1"/>
  <costs limit="1"/>
  <user class="u">Hi <notes/></user>
  <module name="x"/>
</prompt>
