# SPDX-License-Identifier: GPL-2.0-only
#
# gnuplot -c plot.gp DATA OUT: the pictures of docs/speed.md
data = ARG1
out = ARG2
set terminal svg size 760,380 dynamic font "sans-serif,12" background "white"
set grid lc rgb "#dddddd"
set border 3
set tics nomirror
set key top right

set output out."/limit.svg"
set title "Time over the limit of the wire, GetVersion at 400 kHz, chip time ± 5 %"
set logscale xy
set xlabel "chip time, ms"
set ylabel "%"
set xrange [0.15:3500]
set yrange [0.01:200]
set xtics (0.2, 2, 10, 60, 300, 2500)
select(word) = sprintf("< awk '$1 == \"%s\" && $2 == 400000 && $3 ~ /^[0-9]+$/ { print $3 / 1000, ($4 - 1) * 100 }' %s", word, data."/virtual.txt")
plot select("plain") with linespoints lc rgb "#999999" pt 4 title "a look each MPOT (and the first of its kind)", \
     select("cell") with linespoints lc rgb "#0060c0" lw 2 pt 7 title "ours, habit known", \
     select("best") with linespoints lc rgb "#c06000" dt 2 pt 6 title "best possible with as many looks", \
     select("steady") with linespoints lc rgb "#008040" pt 9 title "ours, time constant"

set output out."/looks.svg"
set title "Looks in vain an APDU"
set yrange [0.1:4000]
set ylabel ""
looks(word) = sprintf("< awk '$1 == \"%s\" && $2 == 400000 && $3 ~ /^[0-9]+$/ { print $3 / 1000, $5 }' %s", word, data."/virtual.txt")
plot looks("plain") with linespoints lc rgb "#999999" pt 4 title "a look each MPOT", \
     looks("cell") with linespoints lc rgb "#0060c0" lw 2 pt 7 title "ours, ± 5 %", \
     looks("steady") with linespoints lc rgb "#008040" pt 9 title "ours, time constant"

unset logscale
set xrange [0:200]
set autoscale y
set xtics auto
set xlabel "APDU"
set ylabel "ms"
set y2label "looks in vain"
set y2tics
set y2range [0:250]
set border 11
set key top left
do for [name in "drift jump alternate outlier"] {
	set output out."/".name.".svg"
	set title name
	set yrange [0:(name eq "jump" || name eq "outlier" ? 140 : name eq "drift" ? 80 : 45)]
	plot data."/".name.".txt" using 1:4 axes x1y2 with impulses lc rgb "#cccccc" lw 2 title "looks in vain", \
	     "" using 1:3 with points pt 7 ps 0.5 lc rgb "#0060c0" title "found", \
	     "" using 1:2 with points pt 7 ps 0.25 lc rgb "#c06000" title "ready"
}
