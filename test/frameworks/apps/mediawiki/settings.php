<?php

/** LocalSettings.php as MediaWiki's installer writes it, the lines of the documentation, and the address of the test. */

require getenv('MEDIAWIKI_DATA') . '/LocalSettings.php';
require __DIR__ . '/LocalSettings.php';

$wgServer = WebRequest::detectServer();
$wgJobRunRate = 0;
