#!/usr/bin/perl
# schema.pl SCHEMA KIND < OUTPUT - holds each line against #/$defs/KIND of a JSON
# schema, and against the schema itself; names what does not fit.  Of JSON Schema it
# knows as much as that one uses, and dies of anything else.
use strict;
use warnings;
use JSON::PP;

my ($file, $kind) = @ARGV;
my $json = JSON::PP->new->allow_nonref;
open my $in, '<', $file or die "$file: $!\n";
my $schema = $json->decode(do { local $/; <$in> });
my %known = map { $_ => 1 } qw($schema $defs title anyOf $ref type items pattern const
    enum additionalProperties required properties);

sub type_of {
	my ($v) = @_;
	return 'null' if !defined $v;
	return 'boolean' if JSON::PP::is_bool($v);
	return ref $v eq 'HASH' ? 'object' : 'array' if ref $v;
	my $text = $json->encode($v);
	return $text =~ /^"/ ? 'string' : $text =~ /^-?[0-9]+$/ ? 'integer' : 'number';
}

# The first fault, or ''.
sub fault {
	my ($v, $s, $at) = @_;
	for (keys %$s) { die "$at: '$_' is not known\n" if !$known{$_} }
	if (my $ref = $s->{'$ref'}) {
		my ($name) = $ref =~ m{^#/\$defs/(\w+)$} or die "$ref\n";
		return fault($v, $schema->{'$defs'}{$name} // die("$ref\n"), $at);
	}
	if ($s->{anyOf}) {
		my @faults = map { fault($v, $_, $at) } @{$s->{anyOf}};
		return '' if grep { $_ eq '' } @faults;
		return join '; ', @faults;
	}
	my $type = type_of($v);
	if (my $want = $s->{type}) {
		my @want = ref $want ? @$want : $want;
		push @want, 'integer' if grep { $_ eq 'number' } @want;
		return "$at: $type" if !grep { $_ eq $type } @want;
	}
	for ($s->{enum} ? $s->{enum} : exists $s->{const} ? [$s->{const}] : ()) {
		return "$at: " . $json->encode($v)
		    if !grep { $json->encode($_) eq $json->encode($v) } @$_;
	}
	return "$at: '$v'" if $s->{pattern} && $type eq 'string' && $v !~ /$s->{pattern}/;
	if ($type eq 'array' && $s->{items}) {
		for my $i (0 .. $#$v) {
			my $fault = fault($v->[$i], $s->{items}, "$at\[$i]");
			return $fault if $fault ne '';
		}
	}
	return '' if $type ne 'object';
	# One that leaves members open would let any pass.
	die "$at: its members are not described\n"
	    if !$s->{properties} || $s->{additionalProperties} // 1;
	for (@{$s->{required} // []}) { return "$at: no $_" if !exists $v->{$_} }
	for (sort keys %$v) {
		return "$at: $_ is not known" if !$s->{properties}{$_};
		my $fault = fault($v->{$_}, $s->{properties}{$_}, "$at.$_");
		return $fault if $fault ne '';
	}
	return '';
}

my $count = 0;
while (my $line = <STDIN>) {
	my $value = $json->decode($line);
	$count++;
	for ({'$ref' => "#/\$defs/$kind"}, $schema) {
		my $fault = fault($value, $_, $kind);
		die "$fault in $line" if $fault ne '';
	}
}
die "nothing was there\n" if $count == 0;
