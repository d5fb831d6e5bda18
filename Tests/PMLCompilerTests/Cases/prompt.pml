<prompt schema="trip">
  We are
    vegetarians.
  <plan duration="a week" people="4"><costs limit="90 €"/></plan>
  <!-- The city. -->
  <東京/>
  <notes/>
  <user>
    What shall we eat &amp; see?
  </user>
</prompt>
