#!/bin/sh
exec /opt/Engram/resources/bin/engram "$@"
