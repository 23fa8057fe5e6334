// p2p-vault: the fleet's secrets in one encrypted file.
#include <sys/prctl.h>

#include "cli/app.hpp"
#include "commands.hpp"
#include "crypto/secret.hpp"

namespace {

using namespace p2p::vault_tool;

const p2p::cli::CommandEntry kCommands[] = {
    {"init", "Makes a vault, without entries.",
     "p2p-vault init\n"
     "P2P_VAULT_PASSWORD=... p2p-vault init",
     make_init},
    {"put", "Puts files into the vault.",
     "p2p-vault put cert.pem\n"
     "p2p-vault put web.pem --as certs/web_cert.pem\n"
     "pass show db | p2p-vault put - --as config/db_password",
     make_put},
    {"get", "Prints an entry, or writes it to a file.",
     "p2p-vault get cert.pem\n"
     "p2p-vault get certs/web_key.pem --out web.key",
     make_get},
    {"ls", "Lists the entries.",
     "p2p-vault ls\n"
     "p2p-vault ls --long",
     make_ls},
    {"rm", "Removes entries.", "p2p-vault rm old.pem --yes", make_rm},
    {"mv", "Gives an entry another name.", "p2p-vault mv cert.pem certs/web_cert.pem", make_mv},
    {"edit", "Opens an entry in your editor, never on a disk.", "EDITOR=nano p2p-vault edit config/node.yaml",
     make_edit},
    {"rekey", "Gives the vault a new password, and encrypts everything anew.", "p2p-vault rekey", make_rekey},
    {"unlock", "Keeps the key in the kernel for a while, so that the tools do not ask each time.",
     "p2p-vault unlock\n"
     "p2p-vault unlock --ttl 8h",
     make_unlock},
    {"lock", "Takes the key out of the kernel again.", "p2p-vault lock", make_lock},
    {"verify", "Checks that everything in the vault can be read.", "p2p-vault verify && echo good", make_verify},
    {"import", "Moves the plain files of a home, or of any folder, into the vault.",
     "p2p-vault import\n"
     "p2p-vault import ./secrets",
     make_import},
    {"export", "Writes all entries as plain files.", "p2p-vault export /mnt/ram", make_export},
    {"info", "Shows what can be known of a vault without its password.", "p2p-vault info -o json", make_info},
    {"run", "Runs a command that has entries as files or variables, for as long as it lives.",
     "p2p-vault run --env DB_PASSWORD=config/db_password -- ./backup.sh\n"
     "p2p-vault run --file KEY=certs/web_key.pem -- sh -c 'openssl pkey -in \"$KEY\" -noout'",
     make_run},
    {"backup", "Writes the vault to another file, under another password.", "p2p-vault backup /media/usb/vault-2024",
     make_backup},
};

constexpr p2p::cli::Tool kTool{
    .name = "p2p-vault",
    .summary = "The fleet's secrets in one encrypted file.",
    .commands = kCommands,
    .uses_vault = false,  // its own commands open it
};

}  // namespace

int main(int argc, char** argv) {
  // No core dump, and no other process of this user looks into its memory.
  ::prctl(PR_SET_DUMPABLE, 0);
  p2p::crypto::set_up_secure_heap();
  return p2p::cli::main_of(kTool, argc, argv);
}
