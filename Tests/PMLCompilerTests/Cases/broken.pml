<schema name="broken">
  <module name="a">if (a < b &amp;&amp; c) { x(); }</module>
</schema>
