<?php

/** Makes every session of MediaWiki older, by what is in it and by its row: php age.php <wikicache.sqlite> <seconds> */

[, $file, $seconds] = $argv;
$database = new PDO("sqlite:$file");
$update = $database->prepare('UPDATE objectcache SET value = ?, exptime = ? WHERE keyname = ?');
foreach ($database->query("SELECT * FROM objectcache WHERE keyname LIKE '%:MWSession:%'")->fetchAll() as $row) {
    $session = unserialize(gzinflate($row['value']));
    $session['metadata']['expires'] -= $seconds;
    $until = DateTime::createFromFormat('YmdHis', $row['exptime'], new DateTimeZone('UTC'))->modify("-$seconds seconds");
    $update->bindValue(1, gzdeflate(serialize($session)), PDO::PARAM_LOB);
    $update->bindValue(2, $until->format('YmdHis'));
    $update->bindValue(3, $row['keyname']);
    $update->execute();
}
