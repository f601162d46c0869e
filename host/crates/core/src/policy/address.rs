//! Which part of the internet an address belongs to, whatever it is written as. Looks nothing up.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use url::{Host, Url};

/// What an address is for; after the IANA special-purpose address registries (RFC 6890).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressClass {
    /// The public internet.
    Public,
    /// This machine.
    Loopback,
    /// A private network.
    Private,
    /// One link.
    LinkLocal,
    /// A cloud's metadata service, which hands out credentials.
    Metadata,
    /// A carrier's shared network (RFC 6598).
    Cgnat,
    /// Many machines.
    Multicast,
    /// No machine.
    Unspecified,
    /// Examples in texts.
    Documentation,
    /// Tests of equipment.
    Benchmarking,
    /// For nobody yet, or no longer.
    Reserved,
}

impl AddressClass {
    /// Whether guests may reach it without the operator's word.
    #[must_use]
    pub fn is_public(self) -> bool {
        self == Self::Public
    }

    /// The words in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "cloud metadata",
            Self::Cgnat => "carrier-grade NAT",
            Self::Multicast => "multicast",
            Self::Unspecified => "unspecified",
            Self::Documentation => "documentation",
            Self::Benchmarking => "benchmarking",
            Self::Reserved => "reserved",
        }
    }
}

impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Classifies an address; an IPv6 address that carries an IPv4 address is what the carried one is.
#[must_use]
pub fn classify(address: IpAddr) -> AddressClass {
    match address {
        IpAddr::V4(address) => classify_v4(address),
        IpAddr::V6(address) => classify_v6(address),
    }
}

/// Whether a URL names a cloud's metadata service, by name or by address.
#[must_use]
pub fn is_metadata(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => METADATA_NAMES.contains(&name),
        Some(Host::Ipv4(address)) => classify_v4(address) == AddressClass::Metadata,
        Some(Host::Ipv6(address)) => classify_v6(address) == AddressClass::Metadata,
        None => false,
    }
}

/// Whether a URL says in so many words that it is not on the public internet: `localhost`, or such an address.
#[must_use]
pub fn is_literally_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => !classify_v4(address).is_public(),
        Some(Host::Ipv6(address)) => !classify_v6(address).is_public(),
        None => false,
    }
}

const METADATA_NAMES: [&str; 4] =
    ["metadata.google.internal", "metadata.goog", "metadata", "instance-data.ec2.internal"];

fn classify_v4(address: Ipv4Addr) -> AddressClass {
    match address.octets() {
        // AWS, GCP, Azure and others; ECS and EKS credentials; Alibaba; Azure's wire server.
        [169, 254, 169, 254] | [169, 254, 170, 2 | 23] | [100, 100, 100, 200] | [168, 63, 129, 16] => {
            AddressClass::Metadata
        }
        [0, 0, 0, 0] => AddressClass::Unspecified,
        [127, ..] => AddressClass::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => AddressClass::Private,
        [169, 254, ..] => AddressClass::LinkLocal,
        [100, 64..=127, ..] => AddressClass::Cgnat,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => AddressClass::Documentation,
        [198, 18..=19, ..] => AddressClass::Benchmarking,
        [224..=239, ..] => AddressClass::Multicast,
        // "This network", protocol assignments, the 6to4 relay, the future, broadcast.
        [0, ..] | [192, 0, 0, _] | [192, 88, 99, _] | [240..=255, ..] => AddressClass::Reserved,
        _ => AddressClass::Public,
    }
}

fn classify_v6(address: Ipv6Addr) -> AddressClass {
    let carried = carried_v4(address);
    let mut classes = carried.iter().flatten().map(|v4| classify_v4(*v4)).filter(|class| !class.is_public());
    if let Some(first) = classes.next() {
        // Metadata is closed even to operators, so it wins over the other classes.
        return classes.find(|class| *class == AddressClass::Metadata).unwrap_or(first);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => AddressClass::Unspecified,
        [0, 0, 0, 0, 0, 0, 0, 1] => AddressClass::Loopback,
        // AWS; Google.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => {
            AddressClass::Metadata
        }
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => AddressClass::Private,
        [0xfe80..=0xfebf, ..] => AddressClass::LinkLocal,
        [0xff00..=0xffff, ..] => AddressClass::Multicast,
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => AddressClass::Documentation,
        [0x2001, 0x0002, 0, ..] => AddressClass::Benchmarking,
        // A translator of this site, with any prefix length inside the block (RFC 8215).
        [0x0064, 0xff9b, 1, ..] => AddressClass::Private,
        // Teredo, whose both addresses were public.
        [0x2001, 0, ..] => AddressClass::Public,
        // Protocol assignments.
        [0x2001, 0x0001..=0x01ff, ..] => AddressClass::Reserved,
        [0x2000..=0x3fff, ..] => AddressClass::Public,
        // Only 2000::/3 is global unicast; what carries a public IPv4 address is as public as that.
        _ if carried.iter().any(Option::is_some) => AddressClass::Public,
        _ => AddressClass::Reserved,
    }
}

/// The IPv4 addresses that an IPv6 address stands for.
fn carried_v4(address: Ipv6Addr) -> [Option<Ipv4Addr>; 2] {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    let last = v4(s[6], s[7]);
    match s {
        // Unspecified and loopback look like compatible addresses and are none.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => [None, None],
        // Compatible, mapped, and translated (RFC 4291 2.5.5, RFC 2765).
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => [last, None],
        // NAT64, well known (RFC 6052).
        [0x0064, 0xff9b, 0, 0, 0, 0, ..] => [last, None],
        // NAT64 of this site: the last four bytes, or around the reserved byte 8 of a /48 (RFC 6052 2.2).
        // One of the two readings is usually all zeros and then says nothing.
        [0x0064, 0xff9b, 1, high, around, ..] => {
            [last, v4(high, (around << 8) | (s[5] >> 8))].map(|v4| v4.filter(|v4| !v4.is_unspecified()))
        }
        // 6to4 (RFC 3056).
        [0x2002, high, low, ..] => [v4(high, low), None],
        // Teredo: the server, and the client with its bits inverted (RFC 4380).
        [0x2001, 0, high, low, ..] => [v4(high, low), v4(!s[6], !s[7])],
        // ISATAP (RFC 5214).
        [_, _, _, _, 0 | 0x0200, 0x5efe, ..] => [last, None],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(class: AddressClass, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(classify(address.parse().unwrap()), class, "{address}");
        }
    }

    #[test]
    fn ordinary_addresses_are_public() {
        check(
            AddressClass::Public,
            &["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1"],
        );
        check(
            AddressClass::Public,
            &["169.253.0.1", "192.0.1.1", "192.167.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255"],
        );
        check(AddressClass::Public, &["2606:4700::1111", "2a00::1", "2001:200::1", "2001:4860:4860::8888"]);
    }

    #[test]
    fn every_special_block_has_its_class_at_both_ends() {
        check(AddressClass::Loopback, &["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"]);
        check(
            AddressClass::Private,
            &["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"],
        );
        check(AddressClass::Private, &["10.96.0.1", "172.17.0.1", "fc00::", "fdff::1", "fec0::1"]);
        check(AddressClass::LinkLocal, &["169.254.0.0", "169.254.255.255", "fe80::1", "febf::1"]);
        check(AddressClass::Cgnat, &["100.64.0.0", "100.127.255.255"]);
        check(AddressClass::Multicast, &["224.0.0.1", "239.255.255.255", "ff02::1", "ffff::"]);
        check(AddressClass::Unspecified, &["0.0.0.0", "::"]);
        check(
            AddressClass::Documentation,
            &["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
        );
        check(AddressClass::Benchmarking, &["198.18.0.1", "198.19.255.255", "2001:2::1"]);
        check(
            AddressClass::Reserved,
            &["0.0.0.1", "0.255.255.255", "192.0.0.1", "192.88.99.1", "240.0.0.0", "255.255.255.255"],
        );
        check(
            AddressClass::Reserved,
            &["100::1", "2001:10::1", "2001:20::1", "4000::1", "5f00::1", "e000::1", "1::1"],
        );
    }

    #[test]
    fn metadata_services_are_their_own_class() {
        check(
            AddressClass::Metadata,
            &["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16"],
        );
        check(
            AddressClass::Metadata,
            &["fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"],
        );
    }

    #[test]
    fn an_address_that_carries_another_is_what_it_carries() {
        // Mapped, compatible, translated, NAT64, 6to4, Teredo (client, then server), ISATAP.
        check(
            AddressClass::Loopback,
            &["::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1"],
        );
        check(
            AddressClass::Loopback,
            &["2002:7f00:1::", "2001:0:808:808::80ff:fffe", "2001:0:7f00:1::f7f7:f7f7"],
        );
        check(
            AddressClass::Loopback,
            &["2a00::5efe:127.0.0.1", "2a00::200:5efe:7f00:1", "fe80::5efe:127.0.0.1"],
        );
        check(AddressClass::Loopback, &["64:ff9b:1::7f00:1", "64:ff9b:1:7f00:0:100::"]);
        check(
            AddressClass::Private,
            &["::ffff:10.0.0.1", "2002:c0a8:101::1", "64:ff9b::10.1.2.3", "64:ff9b:1::808:808"],
        );
        check(AddressClass::Unspecified, &["::ffff:0.0.0.0", "64:ff9b::"]);
        check(
            AddressClass::Public,
            &["::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "2a00::5efe:8.8.8.8"],
        );
        check(AddressClass::Public, &["2001:0:808:808::f7f7:f7f7"]);
    }

    #[test]
    fn metadata_services_are_known_by_name_too() {
        let named = |text: &str| is_metadata(&Url::parse(text).unwrap());
        assert!(
            named("http://metadata.google.internal/x")
                && named("http://METADATA.goog/")
                && named("http://0xa9fea9fe/")
        );
        assert!(!named("http://metadata.example.com/") && !named("http://10.0.0.1/"));
    }
}
