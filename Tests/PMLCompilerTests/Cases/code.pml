<schema name="code" attention="isolated">
  <module name="unit.py" src="texts/unit.py"/>
  <module name="game.c"><![CDATA[
    for (i = 0; i < n && !done; i++) {
      step(i);
    }
  ]]></module>
  <module name="both" src="texts/unit.py">
    And a remark.
    <module name="inner" attention="context">Seen by all.</module>
  </module>
</schema>
