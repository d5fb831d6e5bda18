<schema name="s"><union scaffold="a"><module name="a">x</module>
<module name="b">y</module></union></schema>