<schema name="raw">
  <module name="a">R&D, a < b && c; AT&T</module>
  <module name="a"><system>One.<module name="b"><user>Two?</user></module></system></module>
  <scaffold modules="a, b, c"/>
  <modul name="d">Salt & pepper</modul>
  <module name="e" src="R&D.txt"/>
</schema>
