<?php

declare(strict_types=1);

namespace Symfony\Component\Clock;

/** What Carbon implements of symfony/clock, where that cannot be had. */
interface ClockInterface extends \Psr\Clock\ClockInterface
{
    public function sleep(float|int $seconds): void;

    public function withTimeZone(\DateTimeZone|string $timezone): static;
}
