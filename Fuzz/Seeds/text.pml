<schema name="s"> a
  b
  c </schema>