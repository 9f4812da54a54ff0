CREATE USER 'django'@'%' IDENTIFIED BY 'django';
GRANT ALL ON *.* TO 'django'@'%' WITH GRANT OPTION;
