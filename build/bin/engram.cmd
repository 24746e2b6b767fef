@echo off
rem The command line of an installed Engram: the same program, run as Node.
setlocal
set ELECTRON_RUN_AS_NODE=1
"%~dp0..\..\Engram.exe" --disable-warning=ExperimentalWarning "%~dp0..\app.asar\out\main\cli.js" %*
