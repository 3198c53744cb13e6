<?php

/** What DokuWiki's installer writes. */

$conf['title'] = 'Shop';
$conf['license'] = '';
$conf['useacl'] = 1;
$conf['superuser'] = '@admin';
$conf['savedir'] = getenv('DOKUWIKI_DATA');
