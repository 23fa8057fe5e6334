// p2p-ca: the fleet's certificate authority on the command line.
#include "cli/app.hpp"
#include "commands.hpp"

namespace {

using namespace p2p::ca;

const p2p::cli::CommandEntry kCommands[] = {
    {"init", "Makes the CA of a fleet, and an operator certificate for this machine.",
     "p2p-ca init\n"
     "p2p-ca init --name shop --days 7300\n"
     "p2p-ca init --permit-dns shop.example --permit-cidr 10.0.0.0/8",
     make_init},
    {"sign", "Makes key and certificate of nodes, operators and other programs.",
     "p2p-ca sign worker-1 worker-2\n"
     "p2p-ca sign main --role coordinator --san main.example.org\n"
     "p2p-ca sign alice --role operator --bundle alice.p2p\n"
     "p2p-ca sign worker-3 --csr worker-3_csr.pem",
     make_sign},
    {"csr", "Makes a key and the request that brings it to a CA elsewhere.",
     "p2p-ca csr worker-3\n"
     "p2p-ca csr worker-3 --san 10.0.0.7 --out /tmp/worker-3_csr.pem",
     make_csr},
    {"renew", "Makes new certificates in place of those here, with the same key, role and names.",
     "p2p-ca renew worker-1\n"
     "p2p-ca renew worker-1 --new-key --revoke",
     make_renew},
    {"revoke", "Takes back certificates and invitations, and signs the list that tells of it.",
     "p2p-ca revoke worker-1 --reason key-compromise\n"
     "p2p-ca revoke 5f3a09c2d41b",
     make_revoke},
    {"crl", "Prints the list of revoked certificates, signed anew when it must be.",
     "p2p-ca crl\n"
     "p2p-ca crl --out /var/www/crl.pem",
     make_crl},
    {"invite", "Makes the one string with which a new machine joins.",
     "p2p-ca invite worker-2\n"
     "p2p-ca invite worker-3 --out worker-3.invitation\n"
     "p2p-ca invite www --web --san www.example.org --print lego\n"
     "p2p-ca invite worker-2 --coordinator main.example.org:8001 -o json | jq -r .invitation",
     make_invite},
    {"list", "Lists what this CA has signed, with what is left of its time.",
     "p2p-ca list\n"
     "p2p-ca list --expiring 30d\n"
     "p2p-ca list --revoked -o json | jq -r '.[].serial'",
     make_list},
    {"show", "Shows what a certificate says.",
     "p2p-ca show worker-1\n"
     "p2p-ca show ./cert.pem -o json",
     make_show},
    {"verify", "Checks that certificates are good: signed by this CA, valid now, with a role and their own key.",
     "p2p-ca verify worker-1\n"
     "p2p-ca verify ./cert.pem && echo good",
     make_verify},
    {"check", "Says by its exit code whether something must be renewed: 0 no, 10 soon, 11 it has expired.",
     "p2p-ca check\n"
     "p2p-ca check worker-1 || p2p-ca renew worker-1",
     make_check},
    {"export", "Writes certificate and key to one file for another program.",
     "p2p-ca export worker-1 --out worker-1.pem\n"
     "P2P_EXPORT_PASSWORD=... p2p-ca export alice --p12 --out alice.p12",
     make_export},
    {"audit", "Checks the record of all that this CA has done.",
     "p2p-ca audit\n"
     "p2p-ca audit --head \"$(cat head.txt)\" /srv/certs/*.pem",
     make_audit},
    {"backup", "Writes the whole CA to one file.", "p2p-ca backup /media/usb/ca-backup", make_backup},
    {"restore", "Brings a CA back from its backup.",
     "p2p-ca restore /media/usb/ca-backup\n"
     "p2p-ca restore ca-backup --crl ca_crl.pem",
     make_restore},
    {"rotate", "Puts a new CA key in place of the old one, in three steps.",
     "p2p-ca rotate\n"
     "p2p-ca rotate --activate\n"
     "p2p-ca rotate --retire",
     make_rotate},
};

constexpr p2p::cli::Tool kTool{"p2p-ca", "The certificate authority of a fleet.", kCommands};

}  // namespace

int main(int argc, char** argv) { return p2p::cli::main_of(kTool, argc, argv); }
