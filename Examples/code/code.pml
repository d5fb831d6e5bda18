<!-- Source files as modules: a prompt imports those that a question is about. Files that build on each other are encoded together. -->
<schema name="code">
  <system>
    You help with the Python program below. Answer briefly.

    <module name="boat.py" src="boat.py"/>
    <module name="weather.py" src="weather.py"/>
    <module name="harbour.py" src="harbour.py"/>
    <module name="race.py" src="race.py"/>
  </system>

  <scaffold modules="boat.py weather.py harbour.py race.py"/>
  <scaffold modules="boat.py weather.py harbour.py"/>
</schema>
