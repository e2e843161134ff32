SELECT dish
FROM menu
WHERE price < 10;
