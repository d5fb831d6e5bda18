<schema name="errors" attention="none" nmae="x">
	<module name="東京" cache="no"	src="../up.txt">	東京 is big.<modul name="x">Nested: <module name="in">y</module></modul></module>
  <module name="東京">Again.</module>
  <union scaffold="c">
    Or else
    <module name="a">A</module> or <module name="b">B<parameter name="p" length="0" len="2"/></module>
    <user>U</user>
  </union>
  <parameter name="stray" length="3"/>
  <user>Hi <system>S</system><module name="xml-m"><assistant>A</assistant></module></user>
  <module name="prompt">P<parameter name="p" length="3"/><parameter name="p"/>Q<parameter>text</parameter></module>
  <scaffold modules="a
    b 東京/nowhere"/>
  <scaffold modules="a"/>
  <empty:element xmlns:empty="http://example.org"/>
</schema>
