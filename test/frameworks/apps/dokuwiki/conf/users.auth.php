# users.auth.php
# <?php exit()?>
ada:$2y$08$OTjvhqz66XIvLoDzDAuSmO1j1Bjre4ChBVYSKsuc/7vV0q9k.YAnW:Ada Lovelace:ada@example.com:user
bob:$2y$08$/lzp3T43aqdtUbvYONsAQ.ePeqxaQUHniOHgqWieb3qGpV8Bel5zC:Bob:bob@example.com:user
